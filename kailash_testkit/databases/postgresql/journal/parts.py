"""The parts of which the description of a schema is made, each run only where there may be something to describe.

PostgreSQL plans a statement of a function when it is first run in a session. The few that every schema needs take a
quarter of the time of all, most of which are about objects that hardly any application has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from kailash_testkit.databases.postgresql.connection import FIRST_OBJECT

_COLUMNS: Final = ("kind", "name", "part", "definition", "made")


class Part(NamedTuple):
    """A query for objects of one kind: ``(kind, name, part, definition, made)``.

    only_if: what follows SELECT in a query; where it finds no row, neither does this one. "" for always.
    """

    query: str
    only_if: str = ""


def any_in(catalogue: str, condition: str = "true") -> str:
    """Rows that PostgreSQL did not bring."""
    return f"FROM {catalogue} WHERE oid >= {FIRST_OBJECT} AND {condition}"


def statements(parts: Iterable[Part]) -> str:
    """The statements of a plpgsql function that returns the rows of all of them."""
    listed = ", ".join(f"o.{column}::text" for column in _COLUMNS)
    return "\n".join(
        f"IF EXISTS (SELECT {part.only_if}) THEN {returned} END IF;" if part.only_if else returned
        for part in parts
        for returned in [f"RETURN QUERY SELECT {listed} FROM ({part.query}) AS o ({', '.join(_COLUMNS)});"]
    )
