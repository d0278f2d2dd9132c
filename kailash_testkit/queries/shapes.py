"""A statement without its values: its shape, which statements of one loop have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
        given = tuple(_bound(place, number, self.values, bound) for number, place in enumerate(self.values))
        kept = tuple(value for number, value in enumerate(given) if number not in self.paging)
        try:
            return hash(kept)
        except TypeError:  # a list or dict
            return hash(repr(kept))


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


def _bound(place: str, number: int, places: Sequence[str], bound: object) -> object:
    """The value at a place: bound to its name or number, or written there."""
    if place[0] == ":" or place.startswith("%("):
        name = place.strip(":%()").removesuffix(")s") if place[0] != ":" else place[1:]
        return cast("Mapping[str, object]", bound).get(name) if isinstance(bound, Mapping) else None
    if not isinstance(bound, (list, tuple)):
        return place
    given = cast("Sequence[object]", bound)
    if place[0] == "$" and place[1:].isdigit():
        index = int(place[1:]) - 1
    elif place[0] in "?%":
        index = sum(each[0] in "?%" for each in places[:number])
    else:
        return place
    return given[index] if index < len(given) else None
