"""``--testkit-failpoints``: runs a test again for each write that its requests make, with that write refused."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from _pytest.runner import runtestprotocol

from kailash_testkit import open_kits
from kailash_testkit.concurrency import clocks
from kailash_testkit.judge.findings import Finding
from kailash_testkit.pytest_plugin import budgets
from kailash_testkit.pytest_plugin.again import again, first_line, forget_leaks, is_again, keeping_errors
from kailash_testkit.pytest_plugin.attribution import on_each_database
from kailash_testkit.pytest_plugin.definitions import markers_of
from kailash_testkit.pytest_plugin.judging.options import JudgeSettings
from kailash_testkit.pytest_plugin.judging.verdicts import cases_of
from kailash_testkit.text import some

if TYPE_CHECKING:
    from kailash_testkit.judge.allowances import Allowances
    from kailash_testkit.judge.cases import Case
    from kailash_testkit.judge.checks import Found
    from kailash_testkit.judge.failpoints import Key, PlannedRefusal
    from kailash_testkit.kit import Kit

OPTION: Final = "--testkit-failpoints"
_SECONDS: Final = "testkit_failpoints_seconds"
_WORKER: Final = "testkit_failpoints"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(_SECONDS, "seconds that tests may run again for refused writes, in all", default="60")
    parser.getgroup("kailash-testkit").addoption(
        OPTION,
        action="store_true",
        help="run each test again for each write that its requests make, with that write refused by the database",
    )


class Run:
    """One more run of a test. plan: the write that is refused in it; None for a run as it is.

    plans: what could be refused, as it shows. case: the request whose write that was. was_refused: it did not happen.
    error: what the test's own code raised.
    """

    def __init__(self, plan: PlannedRefusal | None = None) -> None:
        self.plan = plan
        self.plans: list[PlannedRefusal] = []
        self.case: Case | None = None
        self.was_refused = False
        self.is_locked = False
        self.error: BaseException | None = None


RUN: pytest.StashKey[Run] = pytest.StashKey()
_PLANS: pytest.StashKey[list[PlannedRefusal]] = pytest.StashKey()


class Failpoints:
    """A plugin. findings: of all tests, on the controller. lines: what is said of it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.findings: list[Finding] = []
        self._is_on = bool(config.getoption("testkit_failpoints"))
        self._left = budgets.seconds(config, _SECONDS)
        self._seen: set[Key] = set()
        self._counts = {"tests": 0, "writes": 0, "left out": 0}
        self._trouble: list[str] = []

    # --- within a run --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        run = item.stash.get(RUN, None)
        if run is None and (is_again(item) or not self._wanted(item)):
            return (yield)
        kits = cast("list[Kit]", open_kits.kits())
        before = [group[0].sandbox.position() or 0 for group in on_each_database(kits)]
        if run is not None and run.plan is not None:
            with _refusing(run, run.plan, kits, before), keeping_errors(run):
                return (yield)
            return None
        result = None
        with nullcontext() if run is None else keeping_errors(run):
            result = yield
        plans = _plans(kits, before, self._allowed(item))
        if run is None:
            item.stash[_PLANS] = plans
        else:
            run.plans = plans
        return result

    def _wanted(self, item: pytest.Item) -> bool:
        marker = next((each for each in markers_of(item) if "failpoints" in each.kwargs), None)
        wanted = self._is_on if marker is None else bool(marker.kwargs["failpoints"])
        return wanted and not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)

    @staticmethod
    def _allowed(item: pytest.Item) -> Allowances:
        return JudgeSettings.of(item.config).for_test(item).allowances

    # --- further runs --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        item.stash[_PLANS] = []
        result = yield
        wanted = {plan.key for plan in item.stash[_PLANS]} - self._seen
        stops = item.session.shouldfail or item.session.shouldstop
        if wanted and not stops:
            started = clocks.now()
            self._try(item, nextitem, wanted, started + self._left)
            self._left -= clocks.now() - started
        return result

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None, wanted: Collection[Key], deadline: float) -> None:
        """Refuses the writes that the test makes in each of its runs, one in each. deadline: on the kit's clock."""
        from kailash_testkit.judge.failpoints import broke, refused

        if clocks.now() >= deadline:
            self._counts["left out"] += len(wanted)
            return
        again = self._run(item, nextitem, None)
        if again.error is not None:
            self._trouble.append(f"{item.nodeid}: it does not pass when it runs again: {first_line(again.error)}")
            return
        first_ones = {plan.key: plan for plan in reversed(again.plans) if plan.key in wanted}
        plans = [*reversed(first_ones.values())]
        self._counts["tests"] += bool(plans)
        allowed = self._allowed(item)
        last: tuple[Case, PlannedRefusal] | None = None
        for number, plan in enumerate(plans):
            if clocks.now() >= deadline:
                self._counts["left out"] += len(plans) - number
                break
            self._seen.add(plan.key)
            run = self._run(item, nextitem, plan)
            if run.case is None or not run.was_refused:
                why = f"{plan.route} was not sent again" if run.case is None else "it happened all the same"
                self._trouble.append(f"{item.nodeid}: could not refuse to {plan.write}: {why}")
                continue
            self._counts["writes"] += 1
            last = run.case, plan
            self._add(item, run.case, refused(run.case, plan, allowed, is_locked=run.is_locked), allowed)
        after = self._run(item, nextitem, None) if last is not None else again
        if after.error is not None and last is not None:
            self._add(item, last[0], [broke(last[1], first_line(after.error))], allowed)

    def _run(self, item: pytest.Item, nextitem: pytest.Item | None, plan: PlannedRefusal | None) -> Run:
        """Runs the test with its fixtures; nothing is told of its outcome."""
        run = item.stash[RUN] = Run(plan)
        try:
            with again(item):
                reports = runtestprotocol(item, log=False, nextitem=nextitem)
        finally:
            del item.stash[RUN]
        if plan is not None:
            forget_leaks()
        failed = next((report for report in reports if report.failed), None)
        if failed is not None and run.error is None and plan is None:
            run.error = RuntimeError(failed.longreprtext.strip().splitlines()[-1])
        return run

    def _add(self, item: pytest.Item, case: Case, found: Iterable[Found], allowed: Allowances) -> None:
        from kailash_testkit.judge.judging import finding_of

        self.findings += [
            finding_of(item.nodeid, case, each)
            for each in found
            if not allowed.leave_out(each.check, case.route, each.models)
        ]

    # --- the end ---------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_WORKER] = {"findings": self.findings, "counts": self._counts, "trouble": self._trouble}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told: dict[str, Any] | None = getattr(node, "workeroutput", {}).get(_WORKER)
        if told is not None:
            self.findings += told["findings"]
            self._trouble += told["trouble"]
            for name, number in told["counts"].items():
                self._counts[name] += number

    def lines(self) -> list[str]:
        """What was tried."""
        counts = self._counts
        if not (counts["writes"] or counts["left out"] or self._trouble):
            return []
        tried = f"failpoints: {some(counts['writes'], 'write')} of {some(counts['tests'], 'test')} refused"
        left_out = f"; {counts['left out']} not tried: {_SECONDS} were over" if counts["left out"] else ""
        return [tried + left_out, *(f"not tried: {line}" for line in self._trouble)]


@contextmanager
def _refusing(
    run: Run, plan: PlannedRefusal, kits: Sequence[Kit], before: Sequence[int]
) -> Generator[None, None, None]:
    """The database refuses the write while the test's own code runs."""
    if not kits:
        yield
        return
    database = kits[0].sandbox.database
    try:
        database.refuse(plan.failpoint)
        yield
    finally:
        run.is_locked = database.is_locked()
        if run.is_locked:
            kits[0].sandbox.end_transactions()
        database.allow()
        _look(run, plan, kits, before)


def _plans(kits: Sequence[Kit], before: Sequence[int], allowed: Allowances) -> list[PlannedRefusal]:
    """Of the database that all kits are on; with several, of none, since nothing says which one a request writes to."""
    from kailash_testkit.judge.failpoints import planned

    groups = on_each_database(kits)
    if len(groups) != 1 or not any(len(kit.timeline) for kit in groups[0]) or len(before) != 1:
        return []
    cases, ledger = cases_of(groups[0], is_only=True)
    recorded = [change for change in ledger.recorded if change.seq > before[0]]
    ways = groups[0][0].sandbox.database.ways_to_fail
    return [*planned(cases, recorded, ledger.models, ways, allowed)]


def _look(run: Run, plan: PlannedRefusal, kits: Sequence[Kit], before: Sequence[int]) -> None:
    """Notes what became of the request whose write was to be refused, while the rows are there."""
    cases, ledger = cases_of(kits, is_only=True)
    number, route = plan.request, plan.route
    run.case = next((case for case in cases if case.request.number == number and case.route == route), None)
    run.was_refused = plan.counted(change for change in ledger.recorded if change.seq > before[0])
