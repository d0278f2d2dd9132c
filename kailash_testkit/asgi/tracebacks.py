"""Exceptions of the application in a few lines: its own frames only, without colours."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final, cast

from kailash_testkit.app_code import belongs_to_app, call_site, place
from kailash_testkit.app_code import shown as shown_site
from kailash_testkit.errors import KitError
from kailash_testkit.redaction import redact

_LONGEST_TEXT = 500
_MOST_TEXT_LINES = 3
_AWAITED: Final = ("cr_await", "ag_await", "gi_yieldfrom")


def root(error: BaseException) -> BaseException:
    """``error``, without the exception groups of one member that task groups wrap around it."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    members = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return root(members[0]) if len(members) == 1 else cast("BaseException", error)


def exception_line(error: BaseException) -> str:
    """Type and message in one line; of an error of the kit what happened, without what to do.

    >>> exception_line(ValueError("no stock"))
    'ValueError: no stock'
    """
    own = root(error)
    return f"{type(own).__qualname__}: {redact(own.what)}" if isinstance(own, KitError) else " ".join(_text(own))


def app_frames(error: BaseException, *, most: int = 7) -> list[str]:
    """The application's own last frames, one line each: place, function, source.

    error: the exception whose traceback is shown.
    most: how many frames at most.

    Returns the frames of libraries when no frame is the application's; nothing without a traceback.
    """
    frames = traceback.extract_tb(root(error).__traceback__)
    own = [frame for frame in frames if belongs_to_app(frame.filename)]
    return [_shown(frame) for frame in _last(own or frames, most)]


def awaiting_frames(task: asyncio.Task[Any]) -> list[str]:
    """Where a task waits that is suspended: the application's own last frame, as `app_frames` shows it."""
    walked: list[tuple[FrameType, int]] = []
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)
        frame = frame or getattr(awaited, "gi_frame", None)
        if frame is not None:
            walked.append((frame, frame.f_lineno))
        awaited = next((found for name in _AWAITED if (found := getattr(awaited, name, None)) is not None), None)
    frames = traceback.StackSummary.extract(iter(walked))
    return [_shown(frame) for frame in _last([frame for frame in frames if belongs_to_app(frame.filename)], 1)]


def calling_lines(frame: FrameType | None, *, most: int = 3) -> list[str]:
    """Who called, innermost first: ``shop/api.py:42 in place_order``. Only the application's own frames of this task.

    frame: where to begin. most: how many at most. Nothing where the runtime runs the code in a task of its own.
    """
    return shown_site(call_site(frame, most=most))


def exception_lines(error: BaseException) -> list[str]:
    """Frames, exception, and what caused it: at most eleven lines."""
    lines = [*app_frames(error), *_text(root(error))]
    cause = root(error).__cause__
    return lines if cause is None else [*lines, f"caused by {exception_line(cause)}"]


def location(frame: traceback.FrameSummary) -> str:
    """``file:line``, relative to the working directory where possible."""
    return place(frame.filename, frame.lineno)


def _shown(frame: traceback.FrameSummary) -> str:
    return f"{location(frame)} in {frame.name}: {frame.line}"


def _last(frames: Sequence[traceback.FrameSummary], most: int) -> Sequence[traceback.FrameSummary]:
    return frames[-most:]


def _text(error: BaseException) -> list[str]:
    text = redact(str(error)[: 4 * _LONGEST_TEXT])[:_LONGEST_TEXT]
    lines = f"{type(error).__qualname__}: {text}".splitlines() if text else [type(error).__qualname__]
    return [line.rstrip() for line in lines if line.strip()][:_MOST_TEXT_LINES]
