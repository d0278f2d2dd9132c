"""The outcome of each test on the controller, put together from the reports of its phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from kailash_testkit.pytest_plugin.failure_report.facts import Facts


@dataclass
class Result:
    """One test. outcome: passed, failed, error, skipped, xfailed or xpassed. traceback: as pytest shows it.

    reason: why it was skipped, or expected to fail.
    """

    nodeid: str
    outcome: str = "passed"
    seconds: float = 0.0
    traceback: str = ""
    reason: str = ""
    facts: Facts | None = None
    report: pytest.TestReport | None = field(default=None, repr=False)


class Results:
    """Those of a session, in the order in which they began.

    keep_passed: tests that did not fail are kept as well; else they are forgotten when they have ended, so that a long
        session takes no more memory than a short one.
    """

    def __init__(self, *, keep_passed: bool) -> None:
        self._keep_passed = keep_passed
        self._results: dict[str, Result] = {}

    def add(self, report: pytest.TestReport, facts: Facts | None) -> None:
        """A phase of a test has ended. A test that is run again begins anew."""
        if report.when == "setup":
            self._results[report.nodeid] = Result(report.nodeid)
        result = self._results.get(report.nodeid)
        if result is None:
            result = self._results[report.nodeid] = Result(report.nodeid)
        result.seconds += report.duration
        outcome = _outcome(report)
        if outcome != "passed":
            result.outcome = outcome
        result.reason = result.reason or _reason(report)
        if report.failed:
            result.traceback = "\n\n".join(filter(None, [result.traceback, report.longreprtext]))
            result.report = report if facts is not None else result.report
        if facts is not None:
            result.facts = facts
        if report.when == "teardown" and result.report is None and not self._keep_passed:
            del self._results[report.nodeid]

    def failed_report(self, nodeid: str) -> tuple[pytest.TestReport, Facts] | None:
        """The report of a failed test that has facts, and these."""
        result = self._results.get(nodeid)
        if result is None or result.report is None or result.facts is None:
            return None
        return result.report, result.facts

    def failures(self) -> list[Facts]:
        """The facts of the failed tests."""
        return [each.facts for each in self._results.values() if each.facts is not None and each.report is not None]

    def all(self) -> Sequence[Result]:
        """Every test that is kept."""
        return [*self._results.values()]


def _reason(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else ""


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return report.outcome
