"""The hooks: a test's limit of statements, N+1 by its settings, and what is said of it at the end."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

import pytest

from kailash_testkit import open_kits
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pytest_plugin.counting.options import CountingSettings, most_queries

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

TITLE: Final = "kailash-testkit: the same statement again and again (N+1)"
_REPORTED: Final = "testkit_n_plus_one"
_MOST: Final = 20  # lines, unless all are asked for


class Found(TypedDict):
    """What one request repeated. line: what, how often, and where."""

    test: str
    route: str
    line: str
    statement: str


class Counting:
    """A plugin."""

    def __init__(self, config: pytest.Config) -> None:
        self._verbose = config.get_verbosity() > 0
        self._found: list[Found] = []
        try:
            self._settings = self._of_test = CountingSettings.of(config)
        except ConfigurationError as error:
            raise pytest.UsageError(str(error)) from None

    def opened(self, kit: Kit) -> None:
        """A kit is about to be opened, perhaps while a test runs."""
        self._of_test.apply_to(kit)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._of_test = self._settings.for_test(item)
        kits = _kits()
        for kit in kits:
            self._of_test.apply_to(kit)
        if kits:
            from kailash_testkit.queries import recorder

            recorder.TEST.node_id = item.nodeid

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        most = most_queries(item)
        if most is None:
            return (yield)
        from kailash_testkit.queries import Queries

        with Queries(lambda: [kit.timeline for kit in _kits()]) as queries:
            result = yield
        queries.assert_at_most(most, what=f"the test {item.name}")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call":
            found = _found(item.nodeid, _kits())
            if found:
                vars(report)[_REPORTED] = found  # pytest-xdist sends what a report has
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._found += getattr(report, _REPORTED, ())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        groups: dict[tuple[str, str], list[Found]] = {}
        for each in self._found:
            groups.setdefault((each["route"], _without_number(each["line"])), []).append(each)
        lines = [line for same in groups.values() for line in self._lines(same)]
        if lines:
            terminalreporter.section(TITLE)
            shown = lines if self._verbose else lines[:_MOST]
            for line in shown:
                terminalreporter.write_line(line)
            if len(shown) < len(lines):
                terminalreporter.write_line(f"... and {len(lines) - len(shown)} more; -v shows all, with statements")

    def _lines(self, same: list[Found]) -> list[str]:
        tests = [*dict.fromkeys(each["test"] for each in same)]
        more = f" and {len(tests) - 1} more" if tests[1:] else ""
        line = f"{same[0]['route']}: {same[0]['line']}; {tests[0]}{more}"
        return [line, f"  {same[0]['statement']}"] if self._verbose else [line]


def _found(test: str, kits: list[Kit]) -> list[Found]:
    """What the requests of a test repeated; that of a failing one is in its error, too."""
    from kailash_testkit.judge.cases import route_of
    from kailash_testkit.redaction import redact

    return [
        Found(test=test, route=route_of(each.request), line=redact(each.line), statement=redact(each.first.text))
        for kit in kits
        if kit.repeats.mode == "report"
        for each in kit.repeats
    ]


def _without_number(line: str) -> str:
    """The line whatever the number of times."""
    return (
        "".join(letter for letter in line.partition(" with ")[0] if not letter.isdigit()) + line.partition(" with ")[2]
    )


def _kits() -> list[Kit]:
    return cast("list[Kit]", open_kits.kits())
