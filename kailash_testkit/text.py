"""Words for messages: nearest names, values that do not fill the screen."""

from __future__ import annotations

import contextlib
import difflib
import enum
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import cast

_LONGEST_VALUE = 120
_CONTEXT = 20  # characters shown before the first difference


def folded(name: str) -> str:
    """A name as it is compared with others: without case, underscores and hyphens.

    >>> folded("order_lines") == folded("OrderLines")
    True
    """
    return name.replace("_", "").replace("-", "").lower()


def closest_match(name: str, options: Iterable[str]) -> str | None:
    """The option that a person who typed ``name`` most likely meant, or None when none is close.

    >>> closest_match("sttaus", ["status", "total"])
    'status'
    """
    by_folded = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def truncate_repr(value: object) -> str:
    """``repr(value)``, cut where it would fill the screen."""
    return _cut(repr(value))


def display(value: object) -> str:
    """A value for a message, as it is stored: moments in ISO 8601, members of an Enum bare, all others by ``repr``.

    >>> class Status(str, enum.Enum):
    ...     OPEN = "open"
    >>> display({"status": Status.OPEN, "at": datetime(2025, 1, 2), "note": "open"})
    "{'status': open, 'at': 2025-01-02T00:00:00, 'note': 'open'}"
    """
    return _cut(_displayed(value))


def _displayed(value: object) -> str:
    kind = type(value)
    if isinstance(value, enum.Enum):
        return str(value.value if isinstance(value, str | int | float) else value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if kind is dict:
        entries = cast("Mapping[object, object]", value).items()
        return "{" + ", ".join(f"{key!r}: {_displayed(entry)}" for key, entry in entries) + "}"
    if kind is list:
        return f"[{', '.join(map(_displayed, cast('list[object]', value)))}]"
    if kind is tuple:
        items = [_displayed(item) for item in cast("tuple[object, ...]", value)]
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"


def differing(one: object, other: object) -> tuple[str, str]:
    """Both values for a message, so that their difference shows: of long texts, the part where they begin to differ.

    >>> differing("x" * 500 + "a", "x" * 500 + "b")
    ("...'xxxxxxxxxxxxxxxxxxxxa' (501 characters)", "...'xxxxxxxxxxxxxxxxxxxxb' (501 characters)")
    """
    if isinstance(one, str) and isinstance(other, str) and max(len(one), len(other)) > _LONGEST_VALUE:
        return _parts(one, other, repr)
    ours, theirs = _displayed(one), _displayed(other)
    if ours == theirs:
        ours, theirs = repr(one), repr(other)
    if ours == theirs:
        ours, theirs = f"{ours} ({type(one).__name__})", f"{theirs} ({type(other).__name__})"
    if max(len(ours), len(theirs)) > _LONGEST_VALUE and _cut(ours)[:_LONGEST_VALUE] == _cut(theirs)[:_LONGEST_VALUE]:
        return _parts(ours, theirs, str)
    return _cut(ours), _cut(theirs)


def _parts(one: str, other: str, form: Callable[[str], str]) -> tuple[str, str]:
    pairs = enumerate(zip(one, other, strict=False))
    first = next((place for place, (ours, theirs) in pairs if ours != theirs), min(len(one), len(other)))
    start = max(0, first - _CONTEXT)
    return _part(one, start, form), _part(other, start, form)


def _part(text: str, start: int, form: Callable[[str], str]) -> str:
    head, tail = "..." if start else "", "..." if len(text) > start + _LONGEST_VALUE else ""
    return f"{head}{form(text[start : start + _LONGEST_VALUE])}{tail} ({len(text)} characters)"


def code_line(file: str, line: int) -> str:
    """A line of code for a message: its file from the current folder on, where it lies in that."""
    with contextlib.suppress(ValueError, OSError):  # elsewhere, or the current folder is gone
        file = Path(file).relative_to(Path.cwd()).as_posix()
    return f"{file}:{line}"


def comma_join(names: Iterable[str]) -> str:
    """Names in one line: ``a, b, c``; ``none`` when there are none."""
    return ", ".join(names) or "none"


def some(number: int, what: str) -> str:
    """A number of things: ``1 row``, ``2 rows``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
