"""Queries of a test: parameters named in one style for all databases, one statement at a time.

A kind says how its driver writes a placeholder, and whether a backslash escapes within texts; the driver binds the
values. Each kind runs the query where the database itself refuses to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from kailash_testkit.errors import SqlFailed
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.redaction import fields, redact, secrets_in
from kailash_testkit.text import closest_match, comma_join, display

_COMMENT: Final = r"--[^\n]* | /\*.*?\*/"
_PARTS: Final = r"""
    {comment}
    | [eE]'(?:[^'\\]|''|\\.)*' | {text}             # texts
    | \$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$      # PostgreSQL's in dollars
    | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]:]*\]  # names
    | ::                                             # PostgreSQL's casts
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<end>;)
    | %
"""
_MOST_SHOWN: Final = 300  # characters of a statement
_WRITE_OTHERWISE: Final = "write rows with factories or kit.execute(...), which the kit takes back after the test"


@dataclass(frozen=True)
class Style:
    """How a driver writes a parameter, with ``{}`` for its name, and whether a backslash escapes within texts."""

    placeholder: str
    escapes: bool = False

    @property
    def parts(self) -> re.Pattern[str]:
        """What has to be told apart in a statement."""
        text = r"""'(?:[^'\\]|''|\\.)*' | "(?:[^"\\]|""|\\.)*\"""" if self.escapes else r"'(?:[^']|'')*'"
        comment = rf"{_COMMENT} | \#[^\n]*" if self.escapes else _COMMENT
        return re.compile(_PARTS.format(comment=comment, text=text), re.VERBOSE | re.DOTALL)


@dataclass(frozen=True)
class Query:
    """A query of a test; ``text`` and ``parameters`` as the test gave them."""

    text: str
    parameters: Mapping[str, object]

    def bound(self, style: Style) -> tuple[str, dict[str, object]]:
        """The statement in the driver's style, and the values by name; a list is spread over a parameter for each.

        Raises `SqlFailed` for several statements, and for parameters that do not fit.
        """
        self._refuse_several(style)
        named = list(dict.fromkeys(match["name"] for match in style.parts.finditer(self.text) if match["name"]))
        self._check_parameters(named)
        values = {name: value for given in named for name, value in self._values(given)}
        doubled = "%%" if values and "%" in style.placeholder else "%"

        def put(match: re.Match[str]) -> str:
            name = match["name"]
            if name is None:
                return match[0].replace("%", doubled)
            places = ", ".join(style.placeholder.format(place) for place, _ in self._values(name))
            return f"({places})" if self._is_list(name) else places

        return style.parts.sub(put, self.text), values

    def _is_list(self, name: str) -> bool:
        return isinstance(self.parameters[name], (list, tuple, set, frozenset))

    def _values(self, name: str) -> list[tuple[str, object]]:
        given = self.parameters[name]
        if not self._is_list(name):
            return [(name, enum_to_value(given))]
        items = list(cast("Sequence[object]", given))
        if not items:
            raise SqlFailed(
                f"kit.sql(...): the list for :{name} is empty",
                details=[self.shown()],
                why="SQL has no empty list",
                do="ask only where there is something to ask for",
            )
        return [(f"{name}__{place}", enum_to_value(item)) for place, item in enumerate(items)]

    def _refuse_several(self, style: Style) -> None:
        end = next((match.end() for match in style.parts.finditer(self.text) if match["end"]), len(self.text))
        if re.sub(rf"(?xs){_COMMENT}|[\s;]", "", self.text[end:]):
            raise SqlFailed(
                "kit.sql(...) was given more than one statement",
                details=[self.shown()],
                why="it returns the rows of one query",
                do="call it once for each",
            )

    def _check_parameters(self, named: Sequence[str]) -> None:
        missing = [name for name in named if name not in self.parameters]
        unused = [name for name in self.parameters if name not in named]
        if missing:
            raise SqlFailed(
                f"kit.sql(...): no value for :{missing[0]}",
                details=[self.shown()],
                why=f"values were given for: {comma_join(self.parameters)}",
                do=f"give it by its name: kit.sql(..., {missing[0]}=...)",
            )
        if unused:
            guess = closest_match(unused[0], named)
            raise SqlFailed(
                f"kit.sql(...): the query has no :{unused[0]}" + (f": did you mean {guess!r}?" if guess else ""),
                details=[self.shown()],
                why=f"its parameters are: {comma_join(named)}",
                do=f"write :{unused[0]} where the value belongs, outside of quotes, or leave it out",
            )

    def result(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[dict[str, object]]:
        """The rows as dicts. columns: none for a statement that is no query. Raises `SqlFailed`."""
        if not columns:
            raise SqlFailed(
                "kit.sql(...) was given a statement that returns no rows",
                details=[self.shown()],
                why="it is for queries, and cannot write",
                do=_WRITE_OTHERWISE,
            )
        twice = [name for place, name in enumerate(columns) if name in columns[:place]]
        if twice:
            raise SqlFailed(
                f"kit.sql(...): two columns are named {twice[0]!r}",
                details=[self.shown()],
                why="a row is a dict, which would have the value of one of them",
                do=f"name them: SELECT a.{twice[0]} AS one, b.{twice[0]} AS other",
            )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def write_refused(self, reason: str) -> SqlFailed:
        """The error for what the database refused to do where nothing may be written."""
        return SqlFailed(
            "kit.sql(...) only reads, and this statement writes",
            details=[self.shown()],
            why=f"the database refused it: {self._first_line(reason)}",
            do=_WRITE_OTHERWISE,
        )

    def failed(self, reason: str) -> SqlFailed:
        """The error for a query that the database refused for another reason."""
        details = [self.shown(), *([f"with {display(fields(self.parameters))}"] if self.parameters else [])]
        return SqlFailed(f"kit.sql(...) failed: {self._first_line(reason)}", details=details)

    def shown(self) -> str:
        """The query on one line, without secrets."""
        text = " ".join(redact(self.text, secrets_in(self.parameters)).split())
        return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."

    def _first_line(self, reason: str) -> str:
        lines = redact(reason, secrets_in(self.parameters)).splitlines()
        return lines[0].strip() if lines else "no reason given"
