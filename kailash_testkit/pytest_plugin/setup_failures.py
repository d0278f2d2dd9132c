"""Errors of set-up and configuration are told once, in the report of the first test that met them."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

import pytest

from kailash_testkit.errors import KitError
from kailash_testkit.redaction import redact

TITLE: Final = "kailash-testkit: set-up failed"
_PROPERTY: Final = "testkit_set_up_failed"


class SetupFailures:
    """What went wrong for all tests, and which test's report shows it."""

    def __init__(self) -> None:
        self._shown_by: dict[str, str | None] = {}  # by the text of an error; None when no report shows it yet
        self._reported: WeakKeyDictionary[KitError, str] = WeakKeyDictionary()

    def note(self, error: BaseException) -> None:
        """An error of set-up was raised: further ones of the same words are the same."""
        self._shown_by.setdefault(_text(error), None)

    def note_for(self, error: KitError, item: pytest.Item) -> None:
        """An error before a test, which may not need what failed: it is told where nothing else tells it."""
        if _text(error) not in self._shown_by:
            self.note(error)
            item.user_properties.append((_PROPERTY, _text(error)))

    def repeated(self, error: BaseException, nodeid: str) -> str | None:
        """One line for an error that an earlier report shows; None for one that is now shown for the first time."""
        text = _text(error)
        shown_by: str | None = None
        if text in self._shown_by:
            shown_by = self._shown_by[text]
            self._shown_by[text] = shown_by or nodeid
        elif isinstance(error, KitError):  # a fixture's, which pytest raises again for each test that requests it
            shown_by = self._reported.setdefault(error, nodeid)
            shown_by = None if shown_by == nodeid else shown_by
        return None if shown_by is None else f"{text.splitlines()[0]} ({shown_by} shows the whole error)"

    def is_shown(self, error: BaseException) -> bool:
        """Whether a report shows it."""
        return self._shown_by.get(_text(error)) is not None

    def untold(self, nodeid: str) -> tuple[str, str] | None:
        """A section for the report of a test that failed otherwise: what is not told yet, and may be its cause."""
        texts = [text for text, shown_by in self._shown_by.items() if shown_by is None]
        self._shown_by.update(dict.fromkeys(texts, nodeid))
        return (TITLE, "\n".join(texts)) if texts else None


class SetupSummary:
    """A plugin: what failed before a test that passed all the same is told at the end of the session."""

    def __init__(self) -> None:
        self._failed: dict[str, bool] = {}  # by text, whether a report shows it

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, text in report.user_properties:
            if name == _PROPERTY:
                self._failed.setdefault(str(text), False)
        if report.failed:
            shown = "\n".join([report.longreprtext, *(content for _, content in report.sections)])
            for text in self._failed:
                self._failed[text] |= text.splitlines()[0] in shown

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        untold = [text for text, is_shown in self._failed.items() if not is_shown]
        if untold:
            terminalreporter.section(TITLE)
            for text in untold:
                terminalreporter.write_line(text)


def _text(error: BaseException) -> str:
    kind: Any = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return redact(f"{module}{kind.__qualname__}: {error}")
