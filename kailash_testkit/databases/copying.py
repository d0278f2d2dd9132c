"""Copies of rows, made by one statement of the database: thousands in the time that one takes through a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Distinct = Literal["text", "number"]


@dataclass(frozen=True)
class Copies:
    """How a table's rows are copied.

    columns: those that are written. distinct: of these, the ones that must differ in each row, and how they can.
    number: how many copies are made, of all rows in turn.
    """

    columns: Sequence[str]
    distinct: Mapping[str, Distinct]
    number: int


@dataclass(frozen=True)
class Dialect:
    """How a database writes what the statement needs. placeholder: of a parameter."""

    quoted: Callable[[str], str]
    placeholder: str
    joined: str
    modulo: str


def copying(table: str, copies: Copies, ids: Sequence[object], dialect: Dialect) -> str:
    """The statement; its parameters are the ids of the rows to copy. table: in SQL."""
    names = [dialect.quoted(name) for name in copies.columns]
    values = [_value(name, table, copies.distinct.get(name), dialect) for name in copies.columns]
    places = ", ".join([dialect.placeholder] * len(ids))
    row = dialect.modulo.format("kit_numbers.i", len(ids))
    numbered = f"SELECT kit_t.*, row_number() OVER (ORDER BY kit_t.id) - 1 AS kit_place FROM {table} kit_t"
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
        f"FROM ({_numbers(copies.number)}) kit_numbers JOIN ({numbered} WHERE kit_t.id IN ({places})) kit_rows "
        f"ON kit_rows.kit_place = {row} WHERE kit_numbers.i < {copies.number}"
    )


def _value(name: str, table: str, distinct: Distinct | None, dialect: Dialect) -> str:
    column = f"kit_rows.{dialect.quoted(name)}"
    if distinct == "text":
        return dialect.joined.format(column, "kit_numbers.i + 1")
    if distinct == "number":
        return f"(SELECT max({dialect.quoted(name)}) FROM {table}) + kit_numbers.i + 1"
    return column


def _numbers(number: int) -> str:
    """The numbers from 0 on, at least so many."""
    digits = len(str(number - 1))
    one = " UNION ALL ".join(["SELECT 0 AS d", *(f"SELECT {digit}" for digit in range(1, 10))])
    total = " + ".join(f"{10**place} * kit_{place}.d" for place in range(digits))
    return f"SELECT {total} AS i FROM " + " CROSS JOIN ".join(f"({one}) kit_{place}" for place in range(digits))
