"""Observes coroutines that were called and never awaited, which Python itself reports by a warning.

`warnings._warn_unawaited_coroutine` is what Python calls when such a coroutine is collected, at once where nobody keeps
it; it is asked for by name each time, in every Python since 3.7.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

Listener = Callable[[Any, FrameType | None], None]
"""Takes the coroutine, and the frame that let go of it."""

_HOOK: Final = "_warn_unawaited_coroutine"
_listeners: list[Listener] = []
_original: list[Callable[[Any], None]] = []


def observe(listener: Listener) -> None:
    """Calls the listener for each such coroutine, where it is let go of; the warning comes as ever. Idempotent."""
    if listener not in _listeners:
        _listeners.append(listener)
    if not _original and hasattr(warnings, _HOOK):
        _original.append(vars(warnings)[_HOOK])
        setattr(warnings, _HOOK, _observed)


def ignore(listener: Listener) -> None:
    """Ends it. Idempotent."""
    if listener in _listeners:
        _listeners.remove(listener)
    if not _listeners and _original and vars(warnings)[_HOOK] is _observed:
        setattr(warnings, _HOOK, _original.pop())


def _observed(coroutine: Any) -> None:
    frame = sys._getframe().f_back  # pyright: ignore[reportPrivateUsage] - documented
    for listener in [*_listeners]:
        listener(coroutine, frame)
    _original[0](coroutine)
