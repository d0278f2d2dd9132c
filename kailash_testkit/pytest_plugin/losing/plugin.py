"""The hooks: a test that passed runs again for each kind of write that its requests made, which then gets lost."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from _pytest.runner import runtestprotocol

from kailash_testkit import open_kits
from kailash_testkit.concurrency import clocks
from kailash_testkit.errors import DatabaseBusy
from kailash_testkit.pytest_plugin import budgets
from kailash_testkit.pytest_plugin.again import again, first_line, forget_leaks, is_again, keeping_errors
from kailash_testkit.pytest_plugin.attribution import attribution, on_each_database
from kailash_testkit.pytest_plugin.losing.options import SECONDS
from kailash_testkit.pytest_plugin.losing.summary import Trial, lines

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit
    from kailash_testkit.pytest_plugin.losing.mutants import Mutant

TITLE: Final = "kailash-testkit: lost writes"
_WORKER: Final = "testkit_lost_writes"


class Run:
    """One more run of a test.

    mutant: what gets lost; None for a run as it is. error: what the test's own code raised.
    """

    def __init__(self, mutant: Mutant | None) -> None:
        self.mutant = mutant
        self.error: BaseException | None = None


_RUN: pytest.StashKey[Run] = pytest.StashKey()
_MUTANTS: pytest.StashKey[list[Mutant]] = pytest.StashKey()
_PASSED: pytest.StashKey[bool] = pytest.StashKey()


class LostWrites:
    """A plugin; registered only where the option is given."""

    def __init__(self, config: pytest.Config) -> None:
        self._left = budgets.seconds(config, SECONDS)
        self._spent = 0.0
        self._trials: list[Trial] = []
        self._left_out: list[str] = []
        self._trouble: list[str] = []
        self._noticed: set[str] = set()
        self._verbose = config.get_verbosity() > 0

    # --- within a run --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        run = item.stash.get(_RUN, None)
        kits = cast("list[Kit]", open_kits.kits())
        if run is not None and run.mutant is not None:
            with _losing(run.mutant, kits), keeping_errors(run):
                return (yield)
            return None
        if run is not None:
            with keeping_errors(run):
                return (yield)
            return None
        if is_again(item) or getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            return (yield)
        before = [group[0].sandbox.position() or 0 for group in on_each_database(kits)]
        result = yield
        item.stash[_MUTANTS] = self._mutants(item, kits, before)
        return result

    def _mutants(self, item: pytest.Item, kits: Sequence[Kit], before: Sequence[int]) -> list[Mutant]:
        """Of the database that all kits are on; with several, nothing says which one a request writes to."""
        from kailash_testkit.pytest_plugin.losing.mutants import mutants

        groups = on_each_database(kits)
        if len(groups) != 1 or not any(len(kit.timeline) for kit in groups[0]):
            return []
        if not groups[0][0].sandbox.database.can_lose_writes:
            self._say("no writes were lost: MariaDB and MySQL cannot; use --testkit-database=sqlite or postgresql")
            return []
        try:
            return mutants(attribution(groups[0]), before[0] if len(before) == 1 else 0)
        except Exception as trouble:  # it is told at the end: the test itself has its own outcome
            self._say(f"{item.nodeid}: {first_line(trouble)}")
            return []

    def _say(self, trouble: str) -> None:
        if trouble not in self._trouble:
            self._trouble.append(trouble)

    # --- further runs --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if not is_again(item) and (report.when == "call" or report.failed):
            item.stash[_PASSED] = report.passed
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        item.stash[_MUTANTS] = []
        result = yield
        stops = item.session.shouldfail or item.session.shouldstop
        wanted = [mutant for mutant in item.stash[_MUTANTS] if mutant.name not in self._noticed]
        passed: bool = item.stash.get(_PASSED, False)
        if wanted and passed and not stops:
            started = clocks.now()
            self._try(item, nextitem, wanted, started + self._left)
            self._left -= clocks.now() - started
            self._spent += clocks.now() - started
        return result

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None, wanted: Sequence[Mutant], deadline: float) -> None:
        trials: list[Trial] = []
        for number, mutant in enumerate(wanted):
            if clocks.now() >= deadline:
                self._left_out += [each.name for each in wanted[number:]]
                break
            error = self._run(item, nextitem, mutant)
            trials.append(
                Trial(mutant=mutant.name, routes=[*mutant.routes], test=item.nodeid, noticed=error is not None)
            )
        if any(trial["noticed"] for trial in trials):
            error = self._run(item, nextitem, None)
            if error is not None:  # then a failure with a lost write proves nothing
                self._say(f"{item.nodeid}: it does not pass when it runs again: {first_line(error)}")
                trials = [trial for trial in trials if not trial["noticed"]]
        self._trials += trials
        self._noticed |= {trial["mutant"] for trial in trials if trial["noticed"]}

    @staticmethod
    def _run(item: pytest.Item, nextitem: pytest.Item | None, mutant: Mutant | None) -> BaseException | None:
        """Runs the test with its fixtures; nothing is told of its outcome but what failed."""
        run = item.stash[_RUN] = Run(mutant)
        try:
            with again(item):
                reports = runtestprotocol(item, log=False, nextitem=nextitem)
        finally:
            del item.stash[_RUN]
        if run.error is not None:
            forget_leaks()
            return run.error
        failed = next((report for report in reports if report.failed), None)
        return None if failed is None else RuntimeError(failed.longreprtext.strip().splitlines()[-1])

    # --- the end ---------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_WORKER] = [self._trials, self._left_out, self._trouble, self._spent]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told: list[Any] | None = getattr(node, "workeroutput", {}).get(_WORKER)
        if told is not None:
            self._trials += told[0]
            self._left_out += told[1]
            for trouble in told[2]:
                self._say(trouble)
            self._spent += told[3]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        told = lines(self._trials, self._left_out, self._spent, verbose=self._verbose)
        terminalreporter.section(TITLE)
        for line in [*told, *(f"not tried: {line}" for line in self._trouble)]:
            terminalreporter.write_line(line)


@contextlib.contextmanager
def _losing(mutant: Mutant, kits: Sequence[Kit]) -> Generator[None, None, None]:
    """While the test's own code runs, the writes of its requests get lost; those of the kit's verbs do not."""
    if not kits:
        yield
        return
    sandbox = kits[0].sandbox
    running = 0

    def switch(begins: bool) -> None:
        nonlocal running
        running += 1 if begins else -1
        if running == int(begins):  # the first begins, or the last has ended
            with contextlib.suppress(DatabaseBusy):  # somebody's transaction is open: the next request switches
                sandbox.database.switch_losing(on=begins)

    try:
        sandbox.database.lose(mutant.lost)
        for kit in kits:
            kit.timeline.on_request = switch
        yield
    finally:
        for kit in kits:
            kit.timeline.on_request = None
        if sandbox.database.is_locked():
            sandbox.end_transactions()
        sandbox.database.stop_losing()
