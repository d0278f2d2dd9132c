"""Which of the application's lines asked for what runs now, also where that is in a task or thread of its own.

`tests/internals/test_observed_statements.py` has a test for each way.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from functools import partial
from types import FrameType
from typing import Any, Final

from kailash_testkit.app_code import Site, call_site
from kailash_testkit.internals.replacing import Replacements

_RUNTIMES: Final = (
    ("kailash.runtime.local", "LocalRuntime", "execute", False),
    ("kailash.runtime.local", "LocalRuntime", "execute_async", True),
    ("kailash.runtime.async_local", "AsyncLocalRuntime", "execute_workflow_async", True),
    ("dataflow.features.express", "SyncExpress", "_run_sync", False),
)
"""Behind these, nodes may run in a task or thread of their own, whose stack does not lead to the caller."""

_OF_RUNTIMES: Final[set[str]] = set()
"""The files of their modules."""

_CALLER: Final[ContextVar[Site]] = ContextVar("kailash_testkit_caller", default=())
"""Who called the runtime behind which a node runs, while that is noted."""


def caller(frame: FrameType | None) -> Site:
    """The application's lines that asked for what runs in a frame, innermost first.

    For a frame of a runtime that is who called the runtime, which is noted: it would be a long way to walk.
    """
    if frame is not None and frame.f_code.co_filename in _OF_RUNTIMES:
        return _CALLER.get() or call_site(frame)
    return call_site(frame) or _CALLER.get()


def note_in(replacements: Replacements) -> None:
    """Notes who calls a runtime, until these replacements are undone."""
    for module, owner, method, is_async in _RUNTIMES:
        replacements.when_imported(module, partial(_wrap, replacements, owner, method, is_async))


def _wrap(replacements: Replacements, owner: str, method: str, is_async: bool, module: Any) -> None:
    replacements.wrap(getattr(module, owner), method, _noting_async if is_async else _noting)
    _OF_RUNTIMES.add(module.__file__)


def _noting(original: Any) -> Any:
    def run(self: Any, *args: Any, **options: Any) -> Any:
        token = _CALLER.set(caller(sys._getframe(1)))  # pyright: ignore[reportPrivateUsage]
        try:
            return original(self, *args, **options)
        finally:
            _CALLER.reset(token)

    return run


def _noting_async(original: Any) -> Any:
    async def run(self: Any, *args: Any, **options: Any) -> Any:
        token = _CALLER.set(caller(sys._getframe(1)))  # pyright: ignore[reportPrivateUsage]
        try:
            return await original(self, *args, **options)
        finally:
            _CALLER.reset(token)

    return run
