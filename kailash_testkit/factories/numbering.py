"""Numbers for rows: what makes generated values unique, readable and the same in every run.

Rows are numbered per model within a scope: a test, or a wider fixture scope whose rows live on
through many tests. A test's first order is always number 1; a session fixture's first is ``s1``,
so that the two can stand in one table.
"""

from __future__ import annotations

import contextlib
import functools
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

ScopeName = Literal["function", "class", "module", "package", "session"]

OF_A_SCOPE: Final = 400_000_000
"""Whole numbers that each scope has for itself: five scopes, all within four bytes."""

_DEEPEST: Final = 8
OF_A_DEPTH: Final = OF_A_SCOPE // _DEEPEST
"""Of these, numbers that each depth of classes or packages has."""
_SCOPES: Final[dict[ScopeName, str]] = {"function": "", "class": "c", "module": "m", "package": "p", "session": "s"}


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a row: ``n`` counts from 1 in its scope; ``text`` and ``unique`` also tell scopes apart.

    origin: the scope and the test or fixture that it belongs to; values that vary with the seed depend on it.
    """

    n: int
    text: str
    unique: int
    origin: str = ""


class _Formatted:
    """A row's number as `str.format` gets it: a whole number, marked where it is a wider scope's."""

    __slots__ = ("_number",)

    def __init__(self, number: Number) -> None:
        self._number = number

    def __str__(self) -> str:
        return self._number.text

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        number = self._number
        kind = spec[-1:]
        if not spec or kind == "s":
            return format(number.text, spec)
        if (kind.isalpha() and kind != "d") or kind == "%":
            return format(number.unique, spec)  # the mark of a scope would be a digit of others, as c is in hex
        return number.text.removesuffix(str(number.n)) + format(number.n, spec)


def formatted(form: str, number: Number) -> str:
    """The text with the row's number at ``{}`` or ``{n}``, as `str.format` puts it there. Raises what that raises."""
    shown = _Formatted(number)
    return form.format(shown, n=shown)


@functools.cache
def probes() -> tuple[Number, ...]:
    """Numbers that a form must tell apart: of short and long ones, of a test and of a session."""
    test, session = Numbering(), Numbering("session")
    numbers = [digit * 10**power + more for power in range(7) for digit in (1, 2) for more in (0, 1)]
    return tuple(scope.at(n) for n in sorted(set(numbers)) for scope in (test, session))


class Numbering:
    """The counters of one scope.

    node_id: pytest's id of the test, module, class or package. Classes within classes and packages within
    packages can have rows at the same time, so that their numbers differ by their depth (``p2-1``).
    """

    def __init__(self, scope: ScopeName = "function", node_id: str = "here") -> None:
        depth = _depth(scope, node_id)
        prefix = _SCOPES[scope]
        self._prefix = prefix if depth == 1 else f"{prefix}{depth}-"
        self._offset = list(_SCOPES).index(scope) * OF_A_SCOPE + (depth - 1) * OF_A_DEPTH
        self._origin = f"{scope} {node_id}"
        self._last: defaultdict[str, int] = defaultdict(int)

    def next(self, model: str) -> Number:
        """The next row's number of the model."""
        n = self._last[model] = self._last[model] + 1
        return self.at(n)

    def at(self, n: int) -> Number:
        """The n-th row's number."""
        return Number(n, f"{self._prefix}{n}", self._offset + n, self._origin)

    def go_on_at(self, model: str, n: int) -> None:
        """The next row of the model gets that number."""
        self._last[model] = n - 1

    def counted(self) -> Mapping[str, int]:
        """The last number of each model, for `count_from`."""
        return dict(self._last)

    def count_from(self, counted: Mapping[str, int]) -> None:
        """Goes back to the numbers of an earlier moment, whose later rows are gone."""
        self._last.clear()
        self._last.update(counted)


def _depth(scope: ScopeName, node_id: str) -> int:
    if scope == "class":
        return min(max(1, node_id.count("::")), _DEEPEST)
    if scope == "package":
        return min(node_id.count("/") + 1, _DEEPEST) if node_id.strip(".") else _DEEPEST
    return 1


_current = Numbering()


def next_number(model: str) -> Number:
    """The next number in the scope that is being set up or tested now."""
    return _current.next(model)


def current() -> Numbering:
    """The scope that is being set up or tested now."""
    return _current


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
