"""The state of one pytest session: the test database, the kits, and which test runs now."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from kailash_testkit import open_kits
from kailash_testkit.concurrency import loops, sync
from kailash_testkit.errors import KitError
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Numbering, ScopeName
from kailash_testkit.pytest_plugin import going_back, reports, waiting
from kailash_testkit.pytest_plugin.application import Application
from kailash_testkit.pytest_plugin.definitions import DATAFLOW, is_overridden, markers_of
from kailash_testkit.pytest_plugin.example_states import ExampleStates
from kailash_testkit.pytest_plugin.hypothesis_examples import Examples
from kailash_testkit.pytest_plugin.leftovers import Leftovers
from kailash_testkit.pytest_plugin.migrations_folder import MigrationsFolder
from kailash_testkit.pytest_plugin.other_clients import OtherClients
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases
from kailash_testkit.pytest_plugin.sandboxes import Sandboxes
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.pytest_plugin.under_test import UnderTest
from kailash_testkit.pytest_plugin.workers import end_forgotten_connections

if TYPE_CHECKING:
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
        self._is_first = True  # no test has begun yet
        self._leftovers = Leftovers()
        self.under_test = UnderTest(settings, self.database, self._leftovers)
        self._kits = self.under_test.kits
        self._sandboxes = Sandboxes(self._kits.sandboxes)
        self.application = Application(
            settings, self._leftovers, self._sandboxes, self._kits.add_tables, self._close_in_loop
        )
        self._other_clients = OtherClients(self._kit_of_test)
        self._example_states = ExampleStates(lambda: self._kits.opened, self._leftovers.clients)
        self._examples = Examples(self._begin_example)
        self._watching = contextlib.ExitStack()
        self._numberings: dict[tuple[str, str], Numbering] = {}

    # --- the session -----------------------------------------------------------------------------

    def set_variables(self) -> None:
        """Before the application can be imported."""
        self.database.set_variables()
        if self._runs_tests:
            self._leftovers.expect_import()
            self.database.expect_import()

    def begin(self) -> None:
        """Before hooks that may write what all tests find."""
        if self._runs_tests:
            self.under_test.prepare()

    @property
    def _runs_tests(self) -> bool:
        """Whether this process may need the databases: it does not only collect tests, nor control workers."""
        return self.settings.in_use and (self.settings.runs_tests or not self.database.is_of_own_run)

    def start(self) -> None:
        """Lets factories find the session's kit without a fixture."""
        open_kits.add_provider(self.under_test.provide)
        self.application.start()
        self._watching.enter_context(loops.watching_runners(self.close_loop))
        if self.settings.in_use:
            self._other_clients.start()

    def finish(self) -> None:
        """Closes and removes everything, and puts the environment back."""
        open_kits.remove_provider(self.under_test.provide)
        self._examples.stop()
        self._other_clients.stop()
        self._watching.close()
        self.application.close()
        has_kits = bool(self._kits.opened)
        self.under_test.stop()
        sync.stop()
        if has_kits:
            end_forgotten_connections()
        self.database.finish()
        if self.settings.in_use or has_kits:
            self._migrations.remove()

    def _kit_of_test(self) -> Kit | None:
        """Whose requests those of other clients are taken for; None between tests."""
        opened = self._kits.opened
        return None if self.under_test.item is None else self.under_test.main or (opened[0] if opened else None)

    # --- tests -----------------------------------------------------------------------------------

    def begin_test(self, item: pytest.Item) -> None:
        """Before a test's fixtures are set up."""
        self.under_test.begin_test(item)
        self._kits.late.clear()
        if self._is_first:
            self._is_first = False
            for sandbox in self._kits.sandboxes():
                sandbox.keep()  # what hooks of a conftest wrote before any test belongs to the base state
        numbering.start(Numbering(node_id=item.nodeid))
        self.application.begin_test(getattr(item, "fixturenames", ()))
        self._leftovers.remember()
        # What somebody wrote between the tests.
        going_back.settle(item.session, self._kits.sandboxes(), "left by whatever ran before this test")
        if self._kits.opened or self.settings.in_use:
            self._examples.watch()

    def _begin_example(self, run: object) -> None:
        if self.under_test.item is not None and self.under_test.may_have_written:
            self._example_states.begin(run)

    def end_test(self, item: pytest.Item) -> None:
        """After a test's fixtures are torn down: its changes are undone."""
        try:
            self._find_loops()
            self.application.end_test()
            if self._kits.opened or self.settings.in_use:
                self._finish_leftovers(item)
            for kit in self._kits.opened:
                kit.store.workflows.close_strays(self._leftovers.loops())
        finally:
            self._open_if_written_to()
            self.under_test.item = None
            self._example_states.forget()
            self._take_back(item)
        self.under_test.others.end_test()

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

    def refused_by_journal(self, error: BaseException) -> tuple[str, str] | None:
        """A test failed: a section for its report, where a database refused something because of the kit."""
        return reports.refused_by_journal(error, [sandbox.database for sandbox in self._kits.sandboxes()])

    def _take_back(self, item: pytest.Item) -> None:
        if self.database.is_kept:
            return
        isolation = next((each.kwargs["isolation"] for each in markers_of(item) if "isolation" in each.kwargs), None)
        keep = isolation == "none"
        for kit in self._kits.late if not keep else []:
            # No journal knows of these rows. Nobody else's can be there: a wider fixture's set-up opens the kit.
            kit.database.empty()
            kit.sandbox.keep()
        if keep:
            for kit in self._kits.opened:
                kit.sandbox.keep()
        going_back.settle(item.session, self._kits.sandboxes(), f"left by {item.nodeid}")

    @contextlib.contextmanager
    def wider_fixture(self, owner: Owner) -> Generator[None, None, None]:
        """Around the set-up of a fixture of wider scope: the rows that it writes are its own."""
        for sandbox in self._kits.sandboxes():
            # A parametrised fixture ends in the middle of the next test's set-up, when its next
            # parameter is due; that is the moment to take its rows back, before the test writes any.
            if sandbox.has_ended_owners and not self.under_test.may_have_written:
                sandbox.settle()
        started = self._sandboxes.begin()
        try:
            with self._leftovers.remembering():
                yield
        except BaseException:
            self.wider_fixture_gone(owner)
            raise
        finally:
            if self.under_test.open_if_written_to() and not self._kits.late:
                for sandbox in self._kits.sandboxes():
                    sandbox.adopt(owner)
            self._sandboxes.finish(owner, started)

    def narrow_fixture(self) -> None:
        """Before a fixture of the test's own is set up, and before the test is called."""
        self.under_test.may_have_written = True

    def wider_fixture_gone(self, owner: Owner) -> None:
        """After a fixture of wider scope was torn down."""
        self._sandboxes.end(owner)

    def _open_if_written_to(self) -> None:
        try:
            self.under_test.open_if_written_to()
        except KitError as error:
            if not self.under_test.failures.is_shown(error):
                raise

    def fixture_set_up(self, definition: Any, value: Any) -> None:
        """After the set-up of a fixture."""
        self.under_test.url_changes.after_fixture(definition)
        if definition.argname == DATAFLOW:
            self.under_test.requested(definition, value)
            if is_overridden(definition):
                # Called before the fixture's own finalizers, after which the instance or its database may be gone.
                definition.addfinalizer(lambda: self._kits.definition_finished(definition))

    def awaited(self, made: Awaitable[Any], request: pytest.FixtureRequest) -> Any:
        """What an ``async def`` returned, awaited in the event loop of the session where pytest-asyncio keeps one."""
        try:
            runner: asyncio.Runner = request.getfixturevalue("_session_scoped_runner")
        except pytest.FixtureLookupError:
            return sync.run(made)
        return sync.run(made) if runner.get_loop().is_running() else runner.run(_awaiting(made))

    def numbering(self, scope: ScopeName, node_id: str) -> Numbering:
        """The row numbers of a wider scope."""
        return self._numberings.setdefault((scope, node_id), Numbering(scope, node_id))

    # --- event loops -----------------------------------------------------------------------------

    def loop_opened(self, runner: asyncio.Runner) -> None:
        """pytest-asyncio made the event loop of a scope."""
        self._leftovers.add_loop(runner.get_loop())

    def close_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Closes, in a loop that is about to be closed, what the kit and DataFlow made in it."""
        if threading.current_thread() is threading.main_thread():
            self._leftovers.remove_loop(loop)
        loop.run_until_complete(self._close_in_loop())

    async def _close_in_loop(self) -> None:
        await loops.close_resources()
        if self._kits.opened:
            from kailash_testkit.internals.dataflow_loops import close_in_running_loop

            for kit in self._kits.opened:
                await close_in_running_loop(kit.dataflow)

    def _find_loops(self) -> None:
        """After a test: loops that somebody else keeps (anyio's plugin) may hold what it left running."""
        for loop in loops.in_use():
            if not loop.is_running():
                self._leftovers.add_loop(loop)
        abandoned = loops.abandoned()
        if abandoned:
            from kailash_testkit.internals.dataflow_loops import forget_closed_loops

            for kit in self._kits.opened:
                kit.store.workflows.forget(abandoned)
            forget_closed_loops(abandoned)


async def _awaiting(made: Awaitable[Any]) -> Any:
    return await made
