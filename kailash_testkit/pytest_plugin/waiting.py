"""Says at the end which tests were waited for, for what and how long: nothing else shows where that time went."""

from __future__ import annotations

from typing import Final

import pytest

from kailash_testkit.pytest_plugin.leftovers import Wait

_PROPERTY: Final = "testkit_waited"
_WORTH_TELLING: Final = 0.1  # seconds of one test
_MOST: Final = 10  # tests


def note(item: pytest.Item, waits: list[Wait]) -> None:
    """Notes what a test was waited for, in the properties that pytest-xdist and JUnit files carry along."""
    for wait in waits:
        if wait.seconds >= _WORTH_TELLING:
            item.user_properties.append((_PROPERTY, f"{wait.seconds:.2f} s for {wait.what}"))


def waited_for(report: pytest.TestReport) -> list[str]:
    """What a test was waited for, which is known once it is torn down."""
    if report.when != "teardown":
        return []
    return [str(text) for name, text in report.user_properties if name == _PROPERTY]


class WaitingSummary:
    """A plugin: the section at the end of the session."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._lines += [f"{text}: {report.nodeid}" for text in waited_for(report)]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._lines:
            return
        terminalreporter.section("kailash-testkit: waited for what tests left running")
        for line in sorted(self._lines, reverse=True)[:_MOST]:
            terminalreporter.write_line(line)
        if len(self._lines) > _MOST:
            terminalreporter.write_line(f"... and {len(self._lines) - _MOST} more")
