"""What pytest would show of the kit's own frames: arguments and locals, which hold bodies, rows and headers.

Frames of the user are the user's, whose ``--showlocals`` it is. The libraries around the kit's frames (httpx, DataFlow)
hold the same values; their frames keep their source lines, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from _pytest._code.code import ReprEntryNative, ReprTracebackNative

from kailash_testkit import redaction
from kailash_testkit.errors import KitError
from kailash_testkit.importer import is_the_users

_KIT: Final = Path(redaction.__file__).resolve().parent


def mask_frames(report: pytest.TestReport | pytest.CollectReport, call: pytest.CallInfo[Any]) -> None:
    """Takes the values out of the frames of a failed phase's report, and secrets out of the causes of the kit's errors.

    Nothing happens with ``testkit_redact = off``.
    """
    error = call.excinfo
    if error is None or not redaction.is_enabled():
        return
    longrepr: Any = report.longrepr
    chain: list[Any] = getattr(longrepr, "chain", None) or [(getattr(longrepr, "reprtraceback", None), None, None)]
    of_kit = isinstance(error.value, KitError)
    for traceback, crash, _ in chain:
        _mask_values(getattr(traceback, "reprentries", ()))
        if of_kit and (traceback is not chain[-1][0] or isinstance(traceback, ReprTracebackNative)):
            _mask_messages(traceback, crash)


def _mask_values(entries: Any) -> None:
    located = [(entry, Path.cwd() / entry.reprfileloc.path) for entry in entries if getattr(entry, "reprfileloc", None)]
    if any(path.is_relative_to(_KIT) for _, path in located):
        for entry, path in located:
            if not is_the_users(path):
                entry.reprlocals = entry.reprfuncargs = None


def _mask_messages(traceback: Any, crash: Any) -> None:
    """The lines with the text of an exception that an error of the kit was raised from.

    Of a native traceback, and of an exception that was never raised, nothing tells these from others.
    """
    for entry in traceback.reprentries:
        if isinstance(entry, ReprEntryNative):
            entry.lines = [redaction.scrub(line) for line in entry.lines]
        else:
            entry.lines = [f"E{_redacted(line[1:])}" if line.startswith("E ") else line for line in entry.lines]
    if crash is not None:
        crash.message = redaction.redact(crash.message)


def _redacted(line: str) -> str:
    indent = len(line) - len(line.lstrip())
    return line[:indent] + redaction.redact(line)
