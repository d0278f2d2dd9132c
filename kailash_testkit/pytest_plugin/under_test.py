"""The DataFlow instances under test: each has its kit before anybody uses it.

That is what makes the base state: what is in a database when its kit is opened, before anything of a test ran. The
tables are there then, and what the application wrote while it was imported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pytest

from kailash_testkit.errors import ConfigurationError, KitError, NoActiveKit
from kailash_testkit.import_hooks import ImportHook
from kailash_testkit.pytest_plugin.dataflows import Dataflows
from kailash_testkit.pytest_plugin.definitions import APP, DATAFLOW, definition_of, is_overridden
from kailash_testkit.pytest_plugin.kits import Kits
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.other_databases import OtherDatabases
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases
from kailash_testkit.pytest_plugin.reach import Reach
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.pytest_plugin.setup_failures import SetupFailures
from kailash_testkit.pytest_plugin.url_changes import UrlChanges

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

OF_KIT: Final = (DATAFLOW, APP, "kit")
"""The fixtures whose set-up is more than that of others: see `UnderTest.setting_up`."""


class UnderTest:
    """Those of one session. `item` is the test that runs now."""

    def __init__(self, settings: Settings, database: PrivateDatabases, leftovers: Leftovers) -> None:
        self._settings = settings
        self._database = database
        self._leftovers = leftovers
        self.url_changes = UrlChanges(database.values)
        self.dataflows = Dataflows(settings, database, self.url_changes)
        self.failures = SetupFailures()
        self.others = OtherDatabases(
            settings.other_databases,
            self.url_changes,
            is_ours=self._is_ours,
            is_private=database.is_at,
            first_use=self._used_without_kit,
        )
        self.kits = Kits(
            database,
            verify=settings.verify,
            limits_are_errors=settings.limits_are_errors,
            load_app=self._load_app,
            on_open=self.others.gets_kit,
            on_close=self.others.made,
        )
        self._reach = Reach(self.dataflows.modules, database.values())
        self._hooks: list[ImportHook] = []
        self._loads_by_itself = True
        self.item: pytest.Item | None = None
        self.may_have_written = False
        """Whether fixtures or the body of `item` may have run."""
        self._definition: Any = None  # of the fixture testkit_dataflow, as the present test sees it

    def _is_ours(self, url: str) -> bool:
        """Whether a URL names a database of the session: a private one, or that of an open kit."""
        return self._database.is_at(url) or self.kits.is_at(url)

    def start(self) -> None:
        """Watches from now on which instances are made. Imports nothing."""
        if self._settings.in_use:
            self.others.start()
            self._hooks = [ImportHook(module, after=self._imported) for module in dict.fromkeys(self.dataflows.modules)]

    def stop(self) -> None:
        """The session is done."""
        for hook in self._hooks:
            hook.remove()
        self.others.stop()
        self.kits.close_all()

    def begin_test(self, item: pytest.Item) -> None:
        """Before anything of a test: what it could touch is prepared. What fails is told where it is needed."""
        self.item = item
        self.may_have_written = False
        self._definition = definition_of(DATAFLOW, item)
        self.others.begin_test()
        if self._settings.in_use:
            self.prepare()

    # --- the base state --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Opens a kit for each instance that could be used, if that is not done yet. What fails is noted."""
        try:
            self._load()
            for dataflow in self.others.unopened():
                if not self.kits.has_failed(dataflow):
                    self.others.require_ours(dataflow)
                    self._leftovers.wait_for_import()
                    self.kits.open(dataflow, may_have_written=False)
            self.kits.add_tables()
        except KitError as error:
            if self.item is None:
                self.failures.note(error)
            else:
                self.failures.note_for(error, self.item)

    def _load(self) -> None:
        """Loads what the setting names, once: a fixture or a factory that needs it tries again."""
        wanted = self._loads_by_itself and not self.dataflows.are_loaded and not is_overridden(self._definition)
        if not wanted or not self._reach.exists():
            return
        self._loads_by_itself = False
        self._leftovers.wait_for_import()
        if not self.dataflows.must_be_awaited():
            self.requested(self._definition, self.dataflows.load()[0])
        elif self.item is not None:  # in the loop of a fixture, which is set up before all others
            names: list[str] = getattr(self.item, "fixturenames", [])  # none for an item that is no Python function
            names.insert(0, DATAFLOW)

    def _imported(self, module: ModuleType) -> None:
        """The application was imported by a test or one of its fixtures: what it wrote meanwhile is not theirs."""
        is_inner = any(hook.is_running for hook in self._hooks)
        if self.item is not None and not self.dataflows.is_loading and not is_inner:
            before, self.may_have_written = self.may_have_written, False
            self.prepare()
            self.may_have_written = before

    def _used_without_kit(self, dataflow: Any) -> None:
        """An instance at a test database is about to be used. Raises `KitError`."""
        if self.item is None or any(hook.is_running for hook in self._hooks):
            self._database.make()  # the application is being imported: what it writes comes before any test
        else:
            self.open_kit(dataflow)

    def open_if_written_to(self) -> bool:
        """Opens the kits when somebody used a test database without any instance."""
        if self.kits.opened or not self._settings.dataflow or not self._database.is_used():
            return False
        try:
            self.requested(self._definition, self.dataflows.load()[0])
        except KitError as error:
            self.failures.note(error)
            raise
        return True

    @contextlib.contextmanager
    def setting_up(self, definition: Any) -> Generator[contextlib.AbstractContextManager[None], None, None]:
        """Around the set-up of any fixture. Gives a context for its code: `testkit_dataflow` may use every instance."""
        if definition.argname not in OF_KIT:
            yield contextlib.nullcontext()
            return
        try:
            yield self.others.suspended() if definition.argname == DATAFLOW else contextlib.nullcontext()
        except Exception as error:
            self.failures.note(error)
            raise

    # --- kits ------------------------------------------------------------------------------------

    @property
    def main(self) -> Kit | None:
        """The kit of the instance that `testkit_dataflow` is for the present test; None before it is opened."""
        return self.kits.of(self._definition)

    def open_kit(self, dataflow: Any, *, given: bool = False) -> Kit:
        """The session's kit for a DataFlow instance, opened when it is first asked for.

        given: the user's own fixture ``testkit_dataflow`` gives it, so that its database is under test, provided that
        the kit may change it. Raises `UnsafeDatabase`.
        """
        from kailash_testkit.internals.dataflow import is_dataflow
        from kailash_testkit.internals.dataflow_instances import choose

        if not is_dataflow(dataflow):
            raise ConfigurationError(
                "the fixture testkit_dataflow gives no DataFlow instance",
                why=f"it gives this: {type(dataflow).__name__}",
                do="let it return the db that your models are registered with; an async fixture needs "
                "@pytest_asyncio.fixture, or asyncio_mode = auto",
            )
        if not self.kits.has(dataflow):
            if given:
                choose(dataflow)
            if self._settings.in_use:
                self.others.require_ours(dataflow)
        return self.kits.open(dataflow, may_have_written=self.may_have_written)

    def beside(self, kit: Kit) -> tuple[Kit, ...]:
        """That kit, and those of the further instances that the setting names."""
        return (kit, *(self.open_kit(other) for other in self._further()))

    def requested(self, definition: Any, dataflow: Any) -> None:
        """The fixture has a value: opens the kits, before somebody writes past them."""
        from kailash_testkit.internals.dataflow import is_dataflow

        if is_dataflow(dataflow):
            self.kits.assign(definition, self.open_kit(dataflow, given=True))
            for other in self._further():
                self.open_kit(other)

    def _further(self) -> list[Any]:
        return self.dataflows.load()[1:] if len(self._settings.dataflows) > 1 else []

    def provide(self, dataflow: Any | None) -> Kit | None:
        """For factories: the kit of an instance, or the present test's. Raises `KitError`."""
        if self.item is None and not self.kits.opened:
            raise NoActiveKit(
                "a factory was called while no test runs",
                why="while modules are imported and tests are collected there is no test database yet",
                do="call it in a test or in a fixture",
            )
        if dataflow is not None:
            return self.open_kit(dataflow)
        names_one = bool(self._settings.dataflow) or is_overridden(self._definition)
        if self.main is None and self.item is not None and names_one:
            fixture(self.item, "kit")
        return self.main

    def _load_app(self) -> None:
        if self.item is not None and (self._settings.app or is_overridden(definition_of(APP, self.item))):
            fixture(self.item, APP)


def fixture(item: pytest.Item, name: str) -> Any:
    """The value of a fixture for a test, which is set up if need be."""
    request: Any = getattr(item, "_request")  # noqa: B009 - pytest offers no public way to it
    return request.getfixturevalue(name)
