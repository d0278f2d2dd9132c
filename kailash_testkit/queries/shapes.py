"""A statement without its values: its shape, which statements of one loop have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, cast

_PATTERN: Final = r"""
    (?P<comment>--[^\n]*|/\*.*?\*/{hash})
    | (?P<text>{text}|'.*\Z)
    | (?P<name>{quoted}`(?:[^`]|``)*`)
    | (?P<cast>::\s*\w+(?:\[\])?)
    | (?P<place>:[A-Za-z_]\w*|\$\d+|%s|%\(\w+\)s|\?\d*)
    | (?P<number>(?<![\w."`])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)
"""
_STANDARD: Final = _PATTERN.format(
    hash="",
    text=r"[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$",
    quoted=r'"(?:[^"]|"")*"|',
)
_MYSQL: Final = _PATTERN.format(hash=r"|\#[^\n]*", text=r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*\"""", quoted="")
_PARTS: Final = {
    is_mysql: re.compile(pattern, re.VERBOSE | re.DOTALL) for is_mysql, pattern in ((False, _STANDARD), (True, _MYSQL))
}
_TABLE: Final = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?["`]?(?:\w+["`]?\.["`]?)?(\w+)', re.IGNORECASE)
_ROWS: Final = re.compile(r"(\bVALUES\s*)(\([^()]*\))(?:\s*,\s*\([^()]*\))+", re.IGNORECASE)
_IN: Final = re.compile(r"\bIN\s*\(\s*\?(?:\s*,\s*\?)*\s*\)", re.IGNORECASE)
_PAGE: Final = re.compile(r"\b(?:LIMIT|OFFSET)\s+\x00(\d+)\x00", re.IGNORECASE)
_ORDER: Final = re.compile(r"\bORDER\s+BY\s+([\w.]+)", re.IGNORECASE)
_AFTER: Final = r"(?<![\w.]){column}\s*[<>]=?\s*\x00(\d+)\x00"


@dataclass(frozen=True)
class Shape:
    """A statement without its values.

    text: on one line, with ``?`` for each value. verb: SELECT, INSERT and so on. table: the first that it names.
    literals: the values that were written into it. places: the placeholders, in order.
    paging: which of its values, by their place in the statement, only say which page of a list is asked for.
    """

    text: str
    verb: str
    table: str | None
    values: tuple[str, ...]
    paging: frozenset[int]

    def identity(self, bound: object) -> int:
        """A number for the values with which it ran, equal where they are; those that choose a page do not count.

        Nothing of the values can be found out from it, and they are not kept.
        """
        if isinstance(bound, dict):
            get = cast("dict[object, object]", bound).get
            kept = [get(name, name) for name in self._kept]
        elif isinstance(bound, (list, tuple)):
            given = cast("Sequence[object]", bound)
            count = len(given)
            kept = [given[key] if type(key) is int and key < count else key for key in self._kept]
        else:
            kept = [*self._kept]
        try:
            return hash(tuple(kept))
        except TypeError:  # a list or dict
            return hash(repr(kept))

    @cached_property
    def _kept(self) -> tuple[object, ...]:
        """For each value that counts: the name or the index to which it is bound, or itself, as it is written."""
        return tuple(
            _key(place, number, self.values) for number, place in enumerate(self.values) if number not in self.paging
        )


@lru_cache(maxsize=4096)
def shape_of(statement: str, is_mysql: bool = False) -> Shape:
    """The shape. is_mysql: whether ``"..."`` is a text, in which a backslash escapes."""
    values: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match["comment"]:
            return " "
        if match["cast"]:
            return ""
        if match["name"]:
            return match[0]
        values.append(match[0])
        return f"\x00{len(values) - 1}\x00"

    marked = " ".join(_PARTS[is_mysql].sub(numbered, statement.replace("\x00", "")).split())
    bare = re.sub(r'["`]', "", marked)
    paging = {int(number) for number in _PAGE.findall(bare)}
    order = _ORDER.search(bare)
    if order is not None and paging:
        paging |= {int(number) for number in re.findall(_AFTER.format(column=re.escape(order[1])), bare)}
    text = _collapsed(re.sub(r"\x00\d+\x00", "?", marked))
    verb = re.match(r"\W*(\w+)", text)
    table = _TABLE.search(text)
    return Shape(text, verb[1].upper() if verb else "", table[1] if table else None, tuple(values), frozenset(paging))


def _collapsed(text: str) -> str:
    """Lists of values, and rows of a batch, in one form however long they are."""
    text = _ROWS.sub(r"\1\2, ...", text)
    return _IN.sub("IN (...)", text)


def _key(place: str, number: int, places: Sequence[str]) -> object:
    """The name or the index to which the value at a place is bound, or the value that is written there."""
    if place[0] == ":":
        return place[1:]
    if place.startswith("%("):
        return place[2:-2]
    if place[0] == "$" and place[1:].isdigit():
        return int(place[1:]) - 1
    if place[0] in "?%":
        return sum(each[0] in "?%" for each in places[:number])
    return place
