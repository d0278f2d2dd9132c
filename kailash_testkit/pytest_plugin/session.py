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
from kailash_testkit.databases.urls import same_database
from kailash_testkit.errors import DatabaseBusy, KitError, NoActiveKit
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Numbering, ScopeName
from kailash_testkit.pytest_plugin import reports, waiting
from kailash_testkit.pytest_plugin.application import Application
from kailash_testkit.pytest_plugin.dataflows import Dataflows
from kailash_testkit.pytest_plugin.example_states import ExampleStates
from kailash_testkit.pytest_plugin.hypothesis_examples import Examples
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.migrations_folder import MigrationsFolder
from kailash_testkit.pytest_plugin.other_databases import OtherDatabases
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases
from kailash_testkit.pytest_plugin.sandboxes import Sandboxes
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.pytest_plugin.workers import end_forgotten_connections

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
        self.database = PrivateDatabases(settings.database, settings.database_name, settings.variables)
        self._migrations = MigrationsFolder()
        self._kits: list[Kit] = []
        self.main: Kit | None = None  # the kit of the fixture; others are of further DataFlow instances
        self._item: pytest.Item | None = None
        self._test_may_have_written = False
        self._opened_late: list[Kit] = []  # by a test that may have written rows before
        self._left_busy_by: str | None = None  # the test that left a transaction open, which still is
        self._leftovers = Leftovers()
        self._sandboxes = Sandboxes(self._opened_sandboxes)
        self.application = Application(settings, self._leftovers, self._kits, self._sandboxes, self._close_in_loop)
        self.others = OtherDatabases(settings.other_databases, self._is_ours)
        self.dataflows = Dataflows(settings, self.database)
        self._example_states = ExampleStates(lambda: self._kits, self._leftovers.clients)
        self._examples = Examples(self._begin_example)
        self._numberings: dict[tuple[str, str], Numbering] = {}

    # --- the session -----------------------------------------------------------------------------

    def start(self) -> None:
        """Lets factories find the session's kit without a fixture."""
        open_kits.add_provider(self._provide)
        if self.settings.in_use:
            self.others.start()

    def finish(self) -> None:
        """Closes and removes everything, and puts the environment back."""
        open_kits.remove_provider(self._provide)
        self._examples.stop()
        self.others.stop()
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

    def open_kit(self, dataflow: Any, *, given: bool = False) -> Kit:
        """The session's kit for a DataFlow instance, opened when it is first asked for.

        given: the user's own fixture ``testkit_dataflow`` gives it, so that its database is under test, provided that
        the kit may change it. Raises `UnsafeDatabase`.
        """
        from kailash_testkit.internals.dataflow import url_of
        from kailash_testkit.kit import Kit

        for kit in self._kits:
            if kit.dataflow is dataflow:
                return kit
        if self.settings.in_use and not given:
            self.others.require_ours(dataflow)
        url = url_of(dataflow)
        is_private = self.database.is_at(url)
        in_use = self._test_may_have_written and is_private and self.database.is_used(url)
        verify = self.settings.verify
        kit = (
            Kit.on_private_database(dataflow, verify=verify, late_models=self._load_app)
            if is_private
            else Kit(dataflow, verify=verify)
        )
        self._kits.append(kit.open())
        if in_use:
            self._opened_late.append(kit)
        return kit

    @property
    def kits(self) -> tuple[Kit, ...]:
        """Those of the instances under test: the fixture's, then the others' that the settings name."""
        first = [] if self.main is None else [self.main]
        return (*first, *(self.open_kit(other) for other in self.dataflows.load()[1:]))

    def dataflow_requested(self, dataflow: Any) -> None:
        """The fixture has a value, also one of a conftest: opens the kits, before somebody writes past them."""
        from kailash_testkit.internals.dataflow import is_dataflow

        if is_dataflow(dataflow):
            self.main = self.open_kit(dataflow, given=True)
            for other in self.dataflows.load()[1:]:
                self.open_kit(other)

    def _is_ours(self, url: str) -> bool:
        """Whether a URL names a database of the session: a private one, or that of an open kit."""
        return self.database.is_at(url) or any(same_database(url, kit.database.url) for kit in self._kits)

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
        self._opened_late.clear()
        self.others.begin_test()
        numbering.start(Numbering(node_id=item.nodeid))
        self.application.begin_test(getattr(item, "fixturenames", ()))
        self._leftovers.remember()
        self._settle(item)  # what somebody wrote between the tests
        if self._kits or self.settings.in_use:
            self._examples.watch()

    def _begin_example(self, run: object) -> None:
        if self._item is not None and self._test_may_have_written:
            self._example_states.begin(run)

    def _make_database(self, item: pytest.Item) -> None:
        try:
            self.database.make_when_needed()
        except KitError as error:
            item.session.shouldfail = f"the test database could not be created: {error.what}"  # nor by any other test
            raise

    def end_test(self, item: pytest.Item) -> None:
        """After a test's fixtures are torn down: its changes are undone."""
        try:
            self.application.end_test()
            if self._kits or self.settings.in_use:
                self._finish_leftovers(item)
            for kit in self._kits:
                kit.store.workflows.close_strays(self._leftovers.loops())
        finally:
            self._open_if_written_to()
            self._item = None
            self._example_states.forget()
            self._take_back(item)
        self.others.end_test()

    def _finish_leftovers(self, item: pytest.Item) -> None:
        try:
            self._leftovers.finish()
        finally:
            waiting.note(item, self._leftovers.waits())

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
        for kit in self._opened_late if not keep else []:
            # No journal knows of these rows. Nobody else's can be there: a wider fixture's set-up opens the kit.
            kit.database.empty()
            kit.sandbox.keep()
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
        for sandbox in self._opened_sandboxes():
            # A parametrised fixture ends in the middle of the next test's set-up, when its next
            # parameter is due; that is the moment to take its rows back, before the test writes any.
            if sandbox.has_ended_owners and not self._test_may_have_written:
                sandbox.settle()
        started = self._sandboxes.begin()
        try:
            with self._leftovers.remembering():
                yield
        except BaseException:
            self.wider_fixture_gone(owner)
            raise
        finally:
            if self._open_if_written_to() and not self._opened_late:
                for sandbox in self._opened_sandboxes():
                    sandbox.adopt(owner)
            self._sandboxes.finish(owner, started)

    def narrow_fixture(self) -> None:
        """Before a fixture of the test's own is set up, and before the test is called."""
        self._test_may_have_written = True

    def wider_fixture_gone(self, owner: Owner) -> None:
        """After a fixture of wider scope was torn down."""
        self._sandboxes.end(owner)

    def _opened_sandboxes(self) -> list[Sandbox]:
        return list({id(kit.sandbox): kit.sandbox for kit in self._kits}.values())

    def _open_if_written_to(self) -> bool:
        """Opens the kits when the application used a test database without any fixture of the kit."""
        if self._kits or not self.settings.dataflow or not self.database.is_used():
            return False
        self.dataflow_requested(self.dataflows.load()[0])
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
