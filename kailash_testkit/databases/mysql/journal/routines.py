"""Stored procedures, functions, packages and events: how they were made, and making them so again."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from kailash_testkit.databases.mysql.connection import SQL_MODE, Connection, literal, quoted
from kailash_testkit.errors import IsolationFailed

#: Its rows are read by `read_routines`.
ROUTINES_QUERY: Final = """
    SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = database()
    UNION ALL SELECT 'EVENT', event_name FROM information_schema.events WHERE event_schema = database()
"""
#: What needs others comes after them.
_ORDER: Final = ("PACKAGE", "PACKAGE BODY", "FUNCTION", "PROCEDURE", "EVENT")


@dataclass(frozen=True)
class Routine:
    """A routine or an event. kind: as in DROP. statement: what makes it; None where this user may not see it.

    The other fields are the settings under which it was made, and acts.
    """

    kind: str
    name: str
    statement: str | None
    sql_mode: str
    time_zone: str | None
    charset: str
    collation: str


def read_routines(connection: Connection, found: Iterable[tuple[str, str]]) -> frozenset[Routine]:
    """The routines and events as they are now. found: the rows of `ROUTINES_QUERY`."""
    named = sorted(found)
    if not named:
        return frozenset()
    shown = connection.batch(f"SHOW CREATE {kind} {quoted(name)}" for kind, name in named)
    return frozenset(_routine(kind, rows[0]) for (kind, _), rows in zip(named, shown, strict=True))


def _routine(kind: str, row: tuple[str, ...]) -> Routine:
    name, sql_mode, *rest = row
    time_zone = rest.pop(0) if kind == "EVENT" else None
    statement, charset, collation, *_ = rest
    return Routine(kind, name, statement, sql_mode, time_zone, charset, collation)


def put_routines_back(connection: Connection, present: frozenset[Routine], wanted: frozenset[Routine]) -> None:
    """Makes the present routines and events the wanted ones. Raises `IsolationFailed` for one that it may not make."""
    for routine in sorted(present - wanted, key=_turn, reverse=True):
        with _settings_of(connection, routine):
            connection.run(f"DROP {routine.kind} IF EXISTS {quoted(routine.name)}")
    for routine in sorted(wanted - present, key=_turn):
        try:
            with _settings_of(connection, routine):
                connection.run(routine.statement or "")  # empty: this user may not see how it was made
        except connection.Error as error:
            raise IsolationFailed(
                f"the {routine.kind.lower()} {routine.name} was changed or dropped, and could not be made again",
                why=str(error.args[-1]),
                do="let the application make it as the kit's user, or leave it alone in tests",
            ) from error


@contextmanager
def _settings_of(connection: Connection, routine: Routine) -> Generator[None, None, None]:
    if routine.statement is None or routine.statement.isascii() or routine.charset.startswith("utf8"):
        connection.run(f"SET character_set_client = {routine.charset}, collation_connection = {routine.collation}")
    zone = "" if routine.time_zone is None else f", time_zone = {literal(routine.time_zone)}"
    connection.run(f"SET sql_mode = {literal(routine.sql_mode)}{zone}")
    try:
        yield
    finally:
        connection.run(f"SET sql_mode = {SQL_MODE}, time_zone = '+00:00'")
        connection.run("SET NAMES utf8mb4")


def _turn(routine: Routine) -> tuple[int, str]:
    return _ORDER.index(routine.kind), routine.name
