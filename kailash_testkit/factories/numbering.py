"""Numbers for rows: what makes generated values unique, readable and the same in every run.

Rows are numbered per model within a scope: a test, or a wider fixture scope whose rows live on
through many tests. A test's first order is always number 1; a session fixture's first is ``s1``,
so that the two can stand in one table.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Literal

ScopeName = Literal["function", "class", "module", "package", "session"]

_WIDER: Final[dict[ScopeName, tuple[str, int]]] = {
    "function": ("", 0),
    "class": ("c", 400_000_000),
    "module": ("m", 800_000_000),
    "package": ("p", 1_200_000_000),
    "session": ("s", 1_600_000_000),
}  # prefix of texts, offset of ints: 400 million rows each, all within four bytes


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a row: ``n`` counts from 1 in its scope; ``text`` and ``unique`` also tell scopes apart."""

    n: int
    text: str
    unique: int


class Numbering:
    """The counters of one scope."""

    def __init__(self, scope: ScopeName = "function", tag: str = "") -> None:
        prefix, self._offset = _WIDER[scope]
        self._prefix = f"{prefix}{tag}"
        self._counters: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(1))

    def next(self, model: str) -> Number:
        """The next row's number of the model."""
        n = next(self._counters[model])
        return Number(n, f"{self._prefix}{n}", self._offset + n)


_current = Numbering()


def next_number(model: str) -> Number:
    """The next number in the scope that is being set up or tested now."""
    return _current.next(model)


def start(numbering: Numbering) -> None:
    """Makes ``numbering`` the current scope's."""
    global _current
    _current = numbering


@contextlib.contextmanager
def within(numbering: Numbering) -> Generator[None, None, None]:
    """Makes ``numbering`` the current scope's for a block: the set-up of a wider fixture."""
    outer = _current
    start(numbering)
    try:
        yield
    finally:
        start(outer)
