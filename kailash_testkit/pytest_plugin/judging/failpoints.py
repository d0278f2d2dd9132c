"""``--testkit-failpoints``: runs a test again for each write that its requests make, with that write refused."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from _pytest.runner import runtestprotocol

from kailash_testkit import open_kits
from kailash_testkit.concurrency import clocks
from kailash_testkit.judge.findings import Finding
from kailash_testkit.pytest_plugin.attribution import on_each_database
from kailash_testkit.pytest_plugin.judging.options import JudgeSettings
from kailash_testkit.pytest_plugin.judging.verdicts import cases_of
from kailash_testkit.redaction import redact

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

    case: the request whose write that was. error: what the test's own code raised.
    """

    def __init__(self, plan: PlannedRefusal | None = None) -> None:
        self.plan = plan
        self.case: Case | None = None
        self.is_locked = False
        self.error: BaseException | None = None


RUN: pytest.StashKey[Run] = pytest.StashKey()
_PLANS: pytest.StashKey[list[PlannedRefusal]] = pytest.StashKey()


class Failpoints:
    """A plugin. findings: of all tests, on the controller. lines: what is said of it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.findings: list[Finding] = []
        self._is_on = bool(config.getoption("testkit_failpoints"))
        self._config = config
        self._left = float(config.getini(_SECONDS))
        self._seen: set[Key] = set()
        self._counts = {"tests": 0, "writes": 0, "left out": 0}
        self._trouble: list[str] = []

    # --- the first run -----------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        run = item.stash.get(RUN, None)
        kits = cast("list[Kit]", open_kits.kits())
        before = [group[0].sandbox.position() or 0 for group in on_each_database(kits)]
        if run is None:
            result = yield
            if self._wanted(item):
                item.stash[_PLANS] = _plans(kits, before, self._allowed(item))
            return result
        database = kits[0].sandbox.database if kits else None
        try:
            if run.plan is not None and database is not None:
                database.refuse(run.plan.failpoint)
            return (yield)
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception):
            raise
        except BaseException as error:
            run.error = error
            return None
        finally:
            if run.plan is not None and database is not None:
                run.is_locked = database.is_locked()
                if run.is_locked:
                    database.end_transactions()
                database.allow()
                run.case = _case(kits, run.plan)

    def _wanted(self, item: pytest.Item) -> bool:
        marker = item.get_closest_marker("testkit")
        wanted = self._is_on if marker is None else bool(marker.kwargs.get("failpoints", self._is_on))
        return wanted and not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)

    @staticmethod
    def _allowed(item: pytest.Item) -> Allowances:
        from kailash_testkit.judge.allowances import parsed

        return parsed(JudgeSettings.of(item.config).for_test(item).allow, "testkit_judge_allow")

    # --- further runs --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        item.stash[_PLANS] = []
        result = yield
        plans = [plan for plan in item.stash[_PLANS] if plan.key not in self._seen]
        if plans:
            self._seen.update(plan.key for plan in plans)
            self._try(item, nextitem, plans)
        return result

    def _try(self, item: pytest.Item, nextitem: pytest.Item | None, plans: Sequence[PlannedRefusal]) -> None:
        from kailash_testkit.judge.failpoints import broke, refused

        started = clocks.now()
        again = self._run(item, nextitem, None)
        if again.error is not None:
            self._trouble.append(f"{item.nodeid}: it does not pass when it runs again: {_first_line(again.error)}")
            return
        self._counts["tests"] += 1
        allowed, last = self._allowed(item), None
        for number, plan in enumerate(plans):
            if clocks.now() - started > self._left:
                self._counts["left out"] += len(plans) - number
                break
            run = self._run(item, nextitem, plan)
            self._counts["writes"] += 1
            if run.case is None:
                self._trouble.append(f"{item.nodeid}: {plan.route} was not sent again; not refused: {plan.write}")
                continue
            last = run.case
            self._add(item, run.case, refused(run.case, plan, allowed, is_locked=run.is_locked), allowed)
        after = self._run(item, nextitem, None)
        if after.error is not None and last is not None:
            self._add(item, last, [broke(plans[-1], _first_line(after.error))], allowed)
        self._left -= clocks.now() - started

    def _run(self, item: pytest.Item, nextitem: pytest.Item | None, plan: PlannedRefusal | None) -> Run:
        """Runs the test; nothing is told of its outcome."""
        run = item.stash[RUN] = Run(plan)
        try:
            cast("Any", item)._initrequest()  # its fixtures are set up again
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        finally:
            del item.stash[RUN]
        failed = next((report for report in reports if report.failed), None)
        if failed is not None and run.error is None and plan is None:
            run.error = RuntimeError(failed.longreprtext.strip().splitlines()[-1])
        return run

    def _add(self, item: pytest.Item, case: Case, found: Sequence[Found] | Any, allowed: Allowances) -> None:
        from kailash_testkit.judge.judging import finding_of

        self.findings += [
            finding_of(item.nodeid, case, each)
            for each in found
            if not allowed.is_off(each.check, case.route) and not allowed.are_allowed(each.check, each.models)
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
        if not counts["writes"] and not self._trouble:
            return []
        left_out = f"; {counts['left out']} not tried: {_SECONDS} is over" if counts["left out"] else ""
        tried = f"failpoints: {counts['writes']} writes of {counts['tests']} tests were refused{left_out}"
        return [tried, *(f"not tried: {line}" for line in self._trouble)]


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


def _case(kits: Sequence[Kit], plan: PlannedRefusal) -> Case | None:
    cases, _ = cases_of(kits, is_only=True)
    number, route = plan.request, plan.route
    return next((case for case in cases if case.request.number == number and case.route == route), None)


def _first_line(error: BaseException) -> str:
    return redact(f"{type(error).__name__}: {error}").splitlines()[0]
