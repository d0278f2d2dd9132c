"""The state of one pytest session: the test database, the kits, and which test runs now."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kailash_testkit import open_kits
from kailash_testkit.concurrency import loops, sync
from kailash_testkit.errors import DatabaseBusy, KitError, NoActiveKit, UnsafeDatabase
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Numbering, ScopeName
from kailash_testkit.pytest_plugin import reports
from kailash_testkit.pytest_plugin.application import Application
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.migrations_folder import MigrationsFolder
from kailash_testkit.pytest_plugin.private_database import PrivateDatabase
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.pytest_plugin.workers import end_forgotten_connections
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.isolation.sandbox import Sandbox
    from kailash_testkit.kit import Kit

SESSION: pytest.StashKey[Session] = pytest.StashKey()


@dataclass(eq=False)
class Owner:
    """One set-up of a fixture of wider scope, whose rows live as long as it does."""

    name: str

    def __str__(self) -> str:
        return f"the fixture {self.name}"


class Session:
    """One pytest session, or one pytest-xdist worker of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = PrivateDatabase(settings.database, settings.database_name, settings.variables)
        self._migrations = MigrationsFolder()
        self._kits: list[Kit] = []
        self.main: Kit | None = None  # the kit of the fixture; others are of further DataFlow instances
        self._item: pytest.Item | None = None
        self._test_may_have_written = False
        self._opened_late: Kit | None = None  # by a test that may have written rows before
        self._left_busy_by: str | None = None  # the test that left a transaction open, which still is
        self._leftovers = Leftovers()
        self.application = Application(settings, self._leftovers, self._close_in_loop)
        self._dataflow: Any = None
        self._numberings: dict[tuple[str, str], Numbering] = {}

    # --- the session -----------------------------------------------------------------------------

    def start(self) -> None:
        """Lets factories find the session's kit without a fixture."""
        open_kits.add_provider(self._provide)

    def finish(self) -> None:
        """Closes and removes everything, and puts the environment back."""
        open_kits.remove_provider(self._provide)
        self.application.close()
        for kit in self._kits:
            self._close(kit)
        sync.stop()
        if self._kits:
            end_forgotten_connections()
        self.database.finish()
        if self.settings.in_use or self._kits:
            self._migrations.remove()

    def _close(self, kit: Kit) -> None:
        from kailash_testkit.internals.dataflow import close_sync_express

        close_sync_express(kit.dataflow)
        kit.close()

    # --- kits ------------------------------------------------------------------------------------

    def open_kit(self, dataflow: Any) -> Kit:
        """The session's kit for a DataFlow instance, opened when it is first asked for."""
        from kailash_testkit.kit import Kit

        for kit in self._kits:
            if kit.dataflow is dataflow:
                return kit
        in_use = self._test_may_have_written and self._is_ours(dataflow) and self.database.is_used
        verify = self.settings.verify
        kit = (
            Kit.on_private_database(dataflow, verify=verify, late_models=self._load_app)
            if self._is_ours(dataflow)
            else Kit(dataflow, verify=verify)
        )
        self._kits.append(kit.open())
        if in_use:
            self._opened_late = kit
        return kit

    def dataflow_requested(self, dataflow: Any) -> None:
        """The fixture has a value, also one of a conftest: opens its kit, before somebody writes past the kit."""
        from kailash_testkit.internals.dataflow import is_dataflow

        if is_dataflow(dataflow):
            self.open_kit(dataflow)

    def load_dataflow(self) -> Any:
        """What the setting ``testkit_dataflow`` names, loaded once."""
        if self._dataflow is None:
            from kailash_testkit.importer import load_dataflow

            self._dataflow = load_dataflow(self.settings.dataflow)
            self._check_url(self._dataflow)
        return self._dataflow

    def _check_url(self, dataflow: Any) -> None:
        """Raises `UnsafeDatabase` when the application connects elsewhere than it was told."""
        if self.settings.variables and not self._is_ours(dataflow):
            from kailash_testkit.internals.dataflow import url_of

            names = " or ".join(self.settings.variables)
            raise UnsafeDatabase(
                f"the application connects to {redact(url_of(dataflow))}, not to the test database",
                why=f"it does not take its URL from {names}, or it was imported before the kit set it",
                do=f"read the URL from {names}, or name the variable that it reads: testkit_url_env",
            )

    def _is_ours(self, dataflow: Any) -> bool:
        from kailash_testkit.internals.dataflow import url_of

        return self.database.is_at(url_of(dataflow))

    def _provide(self, dataflow: Any | None) -> open_kits.OpenKit | None:
        if self._item is None and not self._kits:
            raise NoActiveKit(
                "a factory was called while no test runs",
                why="while modules are imported and tests are collected there is no test database yet",
                do="call it in a test or in a fixture",
            )
        if dataflow is not None:
            return self.open_kit(dataflow)
        if self.main is not None:
            return self.main
        if self._item is None:
            return None
        _fixture(self._item, "kit")
        return self.main

    def _load_app(self) -> None:
        if self._item is not None and self.settings.app:
            _fixture(self._item, "testkit_app")

    # --- tests -----------------------------------------------------------------------------------

    def begin_test(self, item: pytest.Item) -> None:
        """Before a test's fixtures are set up."""
        self._item = item
        if self.settings.in_use:
            self._make_database(item)
        self._test_may_have_written = False
        self._opened_late = None
        numbering.start(Numbering(node_id=item.nodeid))
        self._leftovers.remember()
        self._settle(item)  # what somebody wrote between the tests

    def _make_database(self, item: pytest.Item) -> None:
        try:
            self.database.make_when_needed()
        except KitError as error:
            item.session.shouldfail = f"the test database cannot be had: {error.what}"  # nor by any other test
            raise

    def end_test(self, item: pytest.Item) -> None:
        """After a test's fixtures are torn down: its changes are undone."""
        try:
            self.application.end_test()
            if self._kits or self.settings.in_use:
                self._leftovers.finish()
            for kit in self._kits:
                kit.store.workflows.close_strays(self._leftovers.loops())
        finally:
            self._open_if_written_to()
            self._item = None
            self._take_back(item)

    def keep(self, item: pytest.Item) -> tuple[str, str] | None:
        """With ``--testkit-keep``, a test failed: its rows stay. Returns a section for its report."""
        if not self.settings.keep or self.database.is_kept:
            return None
        try:
            command = self.database.keep(item.nodeid)
        except Exception as error:  # whatever a server's driver raises: it must not take the place of the test's own
            return reports.not_kept(error)
        return None if command is None else reports.kept(command)

    def _take_back(self, item: pytest.Item) -> None:
        if self.database.is_kept:
            return
        marker = item.get_closest_marker("testkit")
        keep = marker is not None and marker.kwargs.get("isolation") == "none"
        if self._opened_late is not None and not keep:
            # No journal knows of these rows. Nobody else's can be there: a wider fixture's set-up opens the kit.
            self._opened_late.database.empty()
            self._opened_late.sandbox.keep()
        if keep:
            for kit in self._kits:
                kit.sandbox.keep()
        self._settle(item)

    def _settle(self, item: pytest.Item) -> None:
        """Takes back what was written. Raises `DatabaseBusy`, naming the test that left the transaction open."""
        try:
            for kit in self._kits:
                kit.sandbox.settle()
            self._left_busy_by = None
        except DatabaseBusy as busy:
            self._left_busy_by = self._left_busy_by or item.nodeid
            details = [*busy.details, f"left by {self._left_busy_by}"]
            raise DatabaseBusy(busy.what, details=details, why=busy.why, do=busy.do) from busy

    @contextlib.contextmanager
    def wider_fixture(self, owner: Owner) -> Generator[None, None, None]:
        """Around the set-up of a fixture of wider scope: the rows that it writes are its own."""
        for sandbox in self._sandboxes():
            # A parametrised fixture ends in the middle of the next test's set-up, when its next
            # parameter is due; that is the moment to take its rows back, before the test writes any.
            if sandbox.has_ended_owners and not self._test_may_have_written:
                sandbox.settle()
        started = {id(sandbox): sandbox.begin() for sandbox in self._sandboxes()}
        try:
            with self._leftovers.remembering():
                yield
        except BaseException:
            self.wider_fixture_gone(owner)
            raise
        finally:
            if self._open_if_written_to() and self.main and not self._opened_late:
                self.main.sandbox.adopt(owner)
            for sandbox in self._sandboxes():
                if id(sandbox) not in started:  # opened by this fixture
                    started[id(sandbox)] = sandbox.begin(opened_meanwhile=True)
                sandbox.finish(owner, started[id(sandbox)])

    def narrow_fixture(self) -> None:
        """Before a fixture of the test's own is set up, and before the test is called."""
        self._test_may_have_written = True

    def wider_fixture_gone(self, owner: Owner) -> None:
        """After a fixture of wider scope was torn down."""
        for sandbox in self._sandboxes():
            sandbox.end(owner)

    def _sandboxes(self) -> list[Sandbox]:
        return list({id(kit.sandbox): kit.sandbox for kit in self._kits}.values())

    def _open_if_written_to(self) -> bool:
        """Opens the kit when the application used the test database without any fixture of the kit."""
        if self._kits or not self.settings.dataflow or not self.database.is_used:
            return False
        self.main = self.open_kit(self.load_dataflow())
        return True

    def numbering(self, scope: ScopeName, node_id: str) -> Numbering:
        """The row numbers of a wider scope."""
        return self._numberings.setdefault((scope, node_id), Numbering(scope, node_id))

    # --- event loops -----------------------------------------------------------------------------

    def loop_opened(self, runner: asyncio.Runner) -> None:
        """pytest-asyncio made the event loop of a scope."""
        self._leftovers.add_runner(runner)

    def close_loop(self, runner: asyncio.Runner) -> None:
        """Closes, in a loop that is about to be closed, what the kit and DataFlow made in it."""
        self._leftovers.remove_runner(runner)
        runner.run(self._close_in_loop())

    async def _close_in_loop(self) -> None:
        await loops.close_resources()
        if self._kits:
            from kailash_testkit.internals.dataflow import close_in_running_loop

            for kit in self._kits:
                await close_in_running_loop(kit.dataflow)


def _fixture(item: pytest.Item, name: str) -> Any:
    request: Any = getattr(item, "_request")  # noqa: B009 - pytest offers no public way to it
    return request.getfixturevalue(name)
