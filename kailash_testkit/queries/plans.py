"""Which statements read a large table as a whole because no index is there for what they compare."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from kailash_testkit.databases.plans import Explained, Plan, Scan
from kailash_testkit.queries.shapes import shape_of
from kailash_testkit.queries.statement import Statement

LARGE: Final = 1000
"""Rows of a table from which on it is large, unless a test says otherwise."""

_WHERE: Final = re.compile(
    r"\bWHERE\b(.*?)(?:\bORDER\s+BY\b|\bGROUP\s+BY\b|\bLIMIT\b|\bRETURNING\b|\bHAVING\b|$)", re.IGNORECASE
)
_COMPARED: Final = re.compile(
    r"(?:\w+\()?\s*(?:\w+\.)?(\w+)\s*\)?\s*(?:=|<>|!=|<=?|>=?|(?:NOT\s+)?(?:I?LIKE|BETWEEN)\b|(?:NOT\s+)?IN\b)",
    re.IGNORECASE,
)
_EXPLAINABLE: Final = ("SELECT", "UPDATE", "DELETE", "WITH")


class Explaining(Protocol):
    """What is asked of a database."""

    @property
    def url(self) -> str:
        """Of the database."""
        ...

    def tables(self) -> list[str]:
        """Its tables."""
        ...

    def count(self, table: str, /) -> int:
        """How many rows a table has."""
        ...

    def plans(self, statements: Sequence[Explained], /) -> list[Plan]:
        """How it would find the rows of each statement."""
        ...


@dataclass(frozen=True)
class Unindexed:
    """A statement that reads a large table as a whole. number: how often it ran."""

    statement: Statement
    scan: Scan
    compared: frozenset[str]
    rows: int
    number: int


@dataclass(frozen=True)
class Judgement:
    """found: what lacks an index. refused: statements that were not explained, and why. examined: how many were."""

    found: Sequence[Unindexed]
    refused: Sequence[tuple[Statement, str]]
    examined: int


def compared_columns(text: str) -> frozenset[str]:
    """The columns that a statement compares with values: not those that it only asks to be NULL.

    >>> sorted(compared_columns('SELECT * FROM "orders" WHERE "status" = ? AND "deleted_at" IS NULL'))
    ['status']
    """
    where = _WHERE.search(re.sub(r'["`]', "", text))
    return frozenset(name.lower() for name in _COMPARED.findall(where[1])) if where else frozenset()


def judged(
    statements: Iterable[Statement],
    databases: Sequence[Explaining],
    of_url: Callable[[str, str], bool],
    *,
    large: int,
    allowed: Collection[str],
) -> Judgement:
    """Explains each statement once that compares a column of a large table.

    databases: those under test; a statement whose database is not known is of the first. of_url: whether two URLs are
    of the same database. allowed: tables, or ``table.column``, that may be read as a whole.
    """
    found: list[Unindexed] = []
    refused: list[tuple[Statement, str]] = []
    examined = 0
    for database in databases:
        own = [each for each in statements if _is_of(each, database, databases[0], of_url)]
        sizes = {table: database.count(table) for table in database.tables()}
        distinct = _distinct(own, {table for table, rows in sizes.items() if rows >= large})
        asked = [Explained(each.sent, shape_of(each.sent).values, compared) for each, compared, _ in distinct]
        examined += len(asked)
        plans = database.plans(asked) if asked else []
        for (statement, compared, number), plan in zip(distinct, plans, strict=True):
            if plan.refused is not None:
                refused.append((statement, plan.refused))
            found += [
                Unindexed(statement, scan, compared, sizes.get(scan.table, 0), number)
                for scan in plan.scans
                if sizes.get(scan.table, 0) >= large and not _is_allowed(scan.table, compared, allowed)
            ]
    return Judgement(found, refused, examined)


def _is_of(statement: Statement, database: Explaining, first: Explaining, of_url: Callable[[str, str], bool]) -> bool:
    return database is first if statement.url is None else of_url(statement.url, database.url)


def _distinct(statements: Iterable[Statement], large: Collection[str]) -> list[tuple[Statement, frozenset[str], int]]:
    """Each statement once, with what it compares and how often it ran, if it names a large table."""
    by_text: dict[str, list[Statement]] = {}
    for each in statements:
        if each.operation in _EXPLAINABLE:
            by_text.setdefault(each.text, []).append(each)
    result: list[tuple[Statement, frozenset[str], int]] = []
    for text, same in by_text.items():
        compared = compared_columns(text)
        if compared and any(re.search(rf"\b{re.escape(table)}\b", text) for table in large):
            result.append((same[0], compared, len(same)))
    return result


def _is_allowed(table: str, compared: Collection[str], allowed: Collection[str]) -> bool:
    columns: Mapping[str, object] = {f"{table}.{name}": name for name in compared}
    return table in allowed or (bool(columns) and set(columns) <= {*allowed})
