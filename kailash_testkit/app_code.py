"""Which code is the application's, and from which of its lines something was called."""

from __future__ import annotations

import asyncio
import sysconfig
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

_KIT: Final = Path(__file__).resolve().parent
_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_EVENTS: Final = str(Path("asyncio", "events.py"))
_MOST: Final = 8  # frames

_INLINE: Final = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})  # some have frames in some releases

_APP: Final = "the application"
_LIBRARY: Final = "a library, Python or the kit"
_LOOP: Final = "an event loop, which calls whatever runs in it"
_whose: dict[str, str] = {}
"""By file."""
_places: dict[tuple[int, int], tuple[CodeType, tuple[str, int, str]]] = {}
_MOST_PLACES: Final = 20_000

Site = tuple[tuple[str, int, str], ...]
"""Frames of the application, innermost first: file, line, function."""


def belongs_to_app(filename: str) -> bool:
    """Whether a file is neither a library's, nor Python's, nor the kit's."""
    return (_whose.get(filename) or _whose_is(filename)) is _APP


def _whose_is(filename: str) -> str:
    found = _LOOP if filename.endswith(_EVENTS) else _APP if _belongs_to_app(filename) else _LIBRARY
    return _whose.setdefault(filename, found)


def _belongs_to_app(filename: str) -> bool:
    path = Path(filename)
    if filename.startswith("<") or {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not path.is_relative_to(_KIT) and not any(path.is_relative_to(library) for library in _LIBRARIES)


def call_site(frame: FrameType | None, *, most: int = _MOST) -> Site:
    """The application's own frames that called, without those beyond the framework that called these.

    frame: where to begin. Empty where the code runs in a task of its own, which its stack does not lead out of.
    """
    found: list[tuple[str, int, str]] = []
    while frame is not None:
        code = frame.f_code
        whose = _whose.get(code.co_filename)
        if whose is None:
            whose = _whose_is(code.co_filename)
        if whose is _LIBRARY:
            if found:  # the framework that called the handler
                break
        elif whose is _LOOP:
            break
        elif code.co_name not in _INLINE:
            known = _places.get((id(code), frame.f_lasti))
            found.append(known[1] if known is not None and known[0] is code else _place_of(frame, code))
            if len(found) == most:
                break
        frame = frame.f_back
    return tuple(found)


def _place_of(frame: FrameType, code: CodeType) -> tuple[str, int, str]:
    """File, line and function. A line is searched for in a table, so each place is looked up once."""
    if len(_places) >= _MOST_PLACES:
        _places.clear()
    found = code.co_filename, frame.f_lineno, code.co_name
    _places[id(code), frame.f_lasti] = code, found
    return found


def awaiting_site(task: asyncio.Task[Any]) -> Site:
    """The application's own frames of a task that is suspended, innermost first."""
    found: list[tuple[str, int, str]] = []
    awaited: Any = task.get_coro()
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None and belongs_to_app(frame.f_code.co_filename) and frame.f_code.co_name not in _INLINE:
            found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return tuple(reversed(found))[:_MOST]


def place(filename: str, line: int | None) -> str:
    """``file:line``, relative to the working directory where possible."""
    path = Path(filename)
    try:
        shown = path.relative_to(Path.cwd())
    except ValueError:
        shown = path
    return f"{shown}:{line}"


def shown(site: Site) -> list[str]:
    """Each frame in words: ``shop/api.py:42 in place_order``."""
    return [f"{place(filename, line)} in {function}" for filename, line, function in site]
