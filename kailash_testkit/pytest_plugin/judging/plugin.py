"""The hooks: each test is judged while its rows are there; at the end the controller says what was found."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from kailash_testkit import open_kits
from kailash_testkit.errors import ConfigurationError, FaultyRequest
from kailash_testkit.judge import baseline
from kailash_testkit.judge.findings import Finding, Key, RouteFacts, Verdict, key_of, lines_of
from kailash_testkit.pytest_plugin.again import is_again
from kailash_testkit.pytest_plugin.judging.failpoints import Failpoints
from kailash_testkit.pytest_plugin.judging.options import ACCEPT, JudgeSettings
from kailash_testkit.pytest_plugin.judging.summary import summary
from kailash_testkit.pytest_plugin.judging.verdicts import VERDICT, verdict_on
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

TITLE: Final = "kailash-testkit: what requests did to the database"
_MOST_DETAILS: Final = 12


class Judging:
    """A plugin. findings: of all tests, on the controller."""

    def __init__(self, config: pytest.Config, failpoints: Failpoints) -> None:
        self._failpoints = failpoints
        self.findings: list[Finding] = []
        self._any_judged = False
        self._wrote: set[str] = set()
        self._silent: list[Finding] = []
        self._trouble: list[str] = []
        self._is_worker = hasattr(config, "workerinput")
        self._verbose = config.get_verbosity() > 0
        try:
            self._settings = JudgeSettings.of(config)
            _ = self._settings.allowances  # what cannot be used is told before any test runs
            path = self._settings.baseline
            self._known: frozenset[Key] = frozenset() if path is None else baseline.read(path)
        except ConfigurationError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Nearer to the test than other wrappers would be of use: what fails here is the test's failure."""
        try:
            result = yield
        except BaseException:
            self._judge(item)
            raise
        new = self._judge(item)
        if new:
            raise _error(new)
        return result

    def _judge(self, item: pytest.Item) -> list[Finding]:
        """Notes the verdict on a test; returns the findings that are to fail it."""
        if is_again(item):  # a run with a refused write has a judgement of its own
            return []
        settings = self._settings.for_test(item)
        kits = cast("list[Kit]", open_kits.kits())
        if settings.mode == "off" or not any(len(kit.timeline) for kit in kits):
            return []
        try:
            verdict = item.stash[VERDICT] = verdict_on(item.nodeid, kits, settings.allowances)
        except ConfigurationError:
            raise
        except Exception as trouble:  # it is told at the end: the test itself has its own outcome
            self._trouble.append(f"{item.nodeid}: {redact(f'{type(trouble).__name__}: {trouble}').splitlines()[0]}")
            return []
        fails = settings.mode == "error" and not settings.accepts
        return [finding for finding in verdict["findings"] if key_of(finding) not in self._known] if fails else []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" and (VERDICT in item.stash or self._trouble):
            vars(report)["testkit_verdict"] = item.stash.get(VERDICT, None)  # pytest-xdist sends what a report has
            vars(report)["testkit_judge_trouble"], self._trouble = self._trouble, []
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        verdict: Verdict | None = getattr(report, "testkit_verdict", None)
        self._trouble += getattr(report, "testkit_judge_trouble", ())
        if verdict is not None:
            self.findings += verdict["findings"]
            self._any_judged = True
            self._wrote.update(verdict["routes"]["wrote"])
            self._silent += verdict["routes"]["silent"]
            if not self._is_worker:
                del vars(report)["testkit_verdict"]  # pytest keeps each report until the session ends

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        late = self._failpoints.findings
        if self._is_worker or not (self._any_judged or late):
            return
        from kailash_testkit.judge.judging import of_run

        silent = of_run([RouteFacts(wrote=[*self._wrote], silent=self._silent)])
        self.findings += [*silent, *late]
        path = self._settings.baseline
        if self._settings.accepts and path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(baseline.text(self.findings), "utf-8")
        failing = [*late, *(silent if self._settings.mode == "error" else [])]
        if not self._settings.accepts and any(key_of(finding) not in self._known for finding in failing):
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        known = {key_of(finding) for finding in self.findings} if self._settings.accepts else self._known
        lines = summary(self.findings, known, verbose=self._verbose)
        if self._settings.accepts:
            lines.append(f"{ACCEPT}: written to {self._settings.baseline}")
        lines += self._failpoints.lines()
        lines += [f"not judged: {line}" for line in self._trouble]
        if lines:
            terminalreporter.section(TITLE)
            for line in lines:
                terminalreporter.write_line(line)


def _error(findings: Sequence[Finding]) -> FaultyRequest:
    first, *others = findings
    details = [*first["details"], *(line for finding in others for line in lines_of(finding)[:-1])]
    hidden = len(details) - _MOST_DETAILS
    return FaultyRequest(
        f"{first['request']} {first['what']} ({first['check']})",
        details=[*details[:_MOST_DETAILS], *([f"... and {hidden} more lines"] if hidden > 0 else [])],
        why=first["why"],
        do=first["do"],
    )
