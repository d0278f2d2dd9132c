"""Words for messages: nearest names, values that do not fill the screen."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST_VALUE = 120
_CONTEXT = 20  # characters shown before the first difference


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
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"


def differing(one: object, other: object) -> tuple[str, str]:
    """Both values for a message; of long texts, the part where they begin to differ.

    >>> differing("x" * 500 + "a", "x" * 500 + "b")
    ("...'xxxxxxxxxxxxxxxxxxxxa' (501 characters)", "...'xxxxxxxxxxxxxxxxxxxxb' (501 characters)")
    """
    if not (isinstance(one, str) and isinstance(other, str)) or max(len(one), len(other)) <= _LONGEST_VALUE:
        return truncate_repr(one), truncate_repr(other)
    pairs = enumerate(zip(one, other, strict=False))
    first = next((place for place, (ours, theirs) in pairs if ours != theirs), min(len(one), len(other)))
    start = max(0, first - _CONTEXT)
    return _part(one, start), _part(other, start)


def _part(text: str, start: int) -> str:
    head, tail = "..." if start else "", "..." if len(text) > start + _LONGEST_VALUE else ""
    return f"{head}{text[start : start + _LONGEST_VALUE]!r}{tail} ({len(text)} characters)"


def comma_join(names: Iterable[str]) -> str:
    """Names in one line: ``a, b, c``; ``none`` when there are none."""
    return ", ".join(names) or "none"
