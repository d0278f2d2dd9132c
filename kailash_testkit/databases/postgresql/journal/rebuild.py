"""Makes the schema what it was: drops what was added, makes again what was dropped or altered.

Nothing here needs to be clever, or complete: after each step the schema is described again, and at the end it
must be equal to the one that is wanted, to the letter. Otherwise the undo fails and says what it could not put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.databases.postgresql.journal.schema import Object, described
from kailash_testkit.errors import IsolationFailed

#: What the rows need, and what would hinder them while they are put back; each in an order that mostly works.
_BEFORE_ROWS: Final = (
    *("schema", "extension", "collation", "enum", "domain", "range", "composite", "sequence", "function", "aggregate"),
    *("cast", "operator", "operator family", "operator class", "family member", "dictionary", "configuration"),
    *("table", "constraint", "index", "partition", "ownership", "view", "view default", "statistics"),
)
_HINDERING_ROWS: Final = ("late constraint", "rule", "trigger")
_AFTER_ROWS: Final = (
    *_HINDERING_ROWS,
    *("materialized view", "policy", "publication", "published", "event trigger", "large object"),
    *("table settings", "column settings", "index settings", "database", "setting", "comment", "owner", "privileges"),
    *("default privileges", "revoked default"),
)
_DROPS: Final = {
    "schema": "DROP SCHEMA IF EXISTS {name} CASCADE",
    "extension": "DROP EXTENSION IF EXISTS {name} CASCADE",
    "enum": "DROP TYPE IF EXISTS {name} CASCADE",
    "range": "DROP TYPE IF EXISTS {name} CASCADE",
    "domain": "DROP DOMAIN IF EXISTS {name} CASCADE",
    "composite": "DROP TYPE IF EXISTS {name} CASCADE",
    "collation": "DROP COLLATION IF EXISTS {name} CASCADE",
    "sequence": "DROP SEQUENCE IF EXISTS {name} CASCADE",
    "ownership": "ALTER SEQUENCE IF EXISTS {name} OWNED BY NONE",
    "function": "DROP ROUTINE IF EXISTS {name} CASCADE",
    "aggregate": "DROP AGGREGATE IF EXISTS {name} CASCADE",
    "cast": "DROP CAST IF EXISTS {name} CASCADE",
    "operator": "DROP OPERATOR IF EXISTS {name} CASCADE",
    "operator family": "DROP OPERATOR FAMILY IF EXISTS {name} CASCADE",
    "operator class": "DROP OPERATOR CLASS IF EXISTS {name} CASCADE",
    "family member": "ALTER OPERATOR FAMILY {name} DROP {part}",
    "dictionary": "DROP TEXT SEARCH DICTIONARY IF EXISTS {name} CASCADE",
    "configuration": "DROP TEXT SEARCH CONFIGURATION IF EXISTS {name} CASCADE",
    "table": "DROP TABLE IF EXISTS {name} CASCADE",
    "foreign table": "DROP FOREIGN TABLE IF EXISTS {name} CASCADE",
    "column": "ALTER TABLE IF EXISTS {name} DROP COLUMN IF EXISTS {part} CASCADE",
    "constraint": "ALTER TABLE IF EXISTS {name} DROP CONSTRAINT IF EXISTS {part} CASCADE",
    "late constraint": "ALTER TABLE IF EXISTS {name} DROP CONSTRAINT IF EXISTS {part} CASCADE",
    "index": "DROP INDEX IF EXISTS {part} CASCADE",
    "statistics": "DROP STATISTICS IF EXISTS {name} CASCADE",
    "view": "DROP VIEW IF EXISTS {name} CASCADE",
    "view default": "ALTER VIEW IF EXISTS {name} ALTER COLUMN {part} DROP DEFAULT",
    "materialized view": "DROP MATERIALIZED VIEW IF EXISTS {name} CASCADE",
    "trigger": "DROP TRIGGER IF EXISTS {part} ON {name}",
    "rule": "DROP RULE IF EXISTS {part} ON {name}",
    "policy": "DROP POLICY IF EXISTS {part} ON {name}",
    "publication": "DROP PUBLICATION IF EXISTS {name}",
    "subscription": "ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE);"
    " DROP SUBSCRIPTION {name}",
    "published": "ALTER PUBLICATION {name} DROP {part}",
    "event trigger": "DROP EVENT TRIGGER IF EXISTS {name} CASCADE",
    "large object": "SELECT lo_unlink({name})",
    "other": "DROP {name} IF EXISTS {part} CASCADE",
    "setting": "ALTER {name} RESET {part}",
    "comment": "COMMENT ON {part} {name} IS NULL",
    "privileges": "REVOKE ALL {name} FROM {part} CASCADE",
    "default privileges": "ALTER DEFAULT PRIVILEGES {name} REVOKE ALL {part}",
    "revoked default": "ALTER DEFAULT PRIVILEGES {name} GRANT ALL {part}",
}
#: The kind under which the rows of materialized views are described.
VIEWED_ROWS: Final = "materialized rows"
_MOST_PASSES: Final = 6
_DIFFERENCES_SHOWN: Final = 6


def prepare_for_rows(connection: Connection, wanted: frozenset[Object]) -> frozenset[Object]:
    """Drops what is not wanted, and makes tables and all that their rows need, in the open transaction.

    Returns what is there then.
    """
    now = described(connection)
    for _ in range(_MOST_PASSES):
        if not _try(connection, _dropping(wanted, now)):
            break
        now = described(connection)
    return _make(connection, wanted, _BEFORE_ROWS, now)


def drop_hindrances(connection: Connection, now: frozenset[Object]) -> None:
    """Drops all foreign keys, constraints that not all rows meet, rules and triggers; they come with `finish`."""
    _try(connection, [_dropped(each) for each in now if each.kind in _HINDERING_ROWS])


def finish(
    connection: Connection, wanted: frozenset[Object], now: frozenset[Object] | None = None
) -> frozenset[Object]:
    """Makes the rest, and returns what is there then. now: what is there at first, if that is known.

    Raises `IsolationFailed` where the schema is not the wanted one then.
    """
    now = _make(connection, wanted, _AFTER_ROWS, now)
    # What was made again was granted whatever new objects are.
    if _try(connection, [_dropped(each) for each in now - wanted if each.kind == "privileges"]):
        now = _make(connection, wanted, _AFTER_ROWS)
    missing, added = _but_rows(wanted - now), _but_rows(now - wanted)
    if missing or added:
        raise IsolationFailed(
            "the database's schema was changed and cannot be put back",
            details=[*(f"missing: {each}" for each in missing), *(f"too much: {each}" for each in added)][
                :_DIFFERENCES_SHOWN
            ],
            why="not everything that a schema can hold can be made again from its description",
            do="keep such changes out of tests, or give the test a database of its own",
        )
    return now


def refresh_views(connection: Connection, wanted: frozenset[Object], now: frozenset[Object]) -> frozenset[Object]:
    """Materialized views show the tables' rows again where they showed others; the rows must be back.

    Returns the schema as it is then. It differs from the wanted one where a view had shown older rows: nothing writes
    into one but a refresh.
    """
    for _ in range(_MOST_PASSES):  # one may be made of another
        stale = [each for each in wanted - now if each.kind == VIEWED_ROWS]
        if not _try(connection, [each.made for each in stale if each.made]):
            break
        before, now = now, described(connection)
        if now == before:
            break
    return now


def _make(
    connection: Connection, wanted: frozenset[Object], kinds: Sequence[str], now: frozenset[Object] | None = None
) -> frozenset[Object]:
    """Makes what is missing; returns what is there then.

    What fails is tried again as long as something else succeeds: it may have needed that.
    """
    now = described(connection) if now is None else now
    for _ in range(_MOST_PASSES):
        missing = [each for each in wanted - now if each.kind in kinds and each.made]
        missing.sort(key=lambda each: (kinds.index(each.kind), each.name, each.part))
        if not _try(connection, [each.made for each in missing if each.made]):
            break
        now = described(connection)
    return now


def _dropping(wanted: frozenset[Object], now: frozenset[Object]) -> list[str]:
    """What to drop: all that is not wanted, and tables that cannot be altered into the wanted ones."""
    missing, added = wanted - now, now - wanted
    there = {(each.kind, each.name) for each in now}
    # only columns at the end can be dropped without a trace: any other difference needs a new table
    remade = {each.name for each in missing if each.kind in ("table", "column", "partition")}
    drops = [f"DROP TABLE {name} CASCADE" for name in sorted(remade) if ("table", name) in there]
    drops += [f"DROP TYPE {name} CASCADE" for name in sorted(remade) if ("composite", name) in there]
    for each in sorted(added, key=repr):
        replaced = each.kind == "function" and any(
            (other.kind, other.name, other.part) == each[:3] for other in missing
        )  # CREATE OR REPLACE leaves what depends on it
        if each.name not in remade and each.kind in _DROPS and not replaced:
            drops.append(_dropped(each))
    return drops


def _dropped(each: Object) -> str:
    return _DROPS[each.kind].format(name=each.name, part=each.part)


def _try(connection: Connection, statements: Iterable[str]) -> int:
    """Runs each statement unless PostgreSQL refuses it; returns how many it accepted."""
    accepted = 0
    for statement in statements:
        connection.run("SAVEPOINT dataflow_testkit_attempt")
        try:
            connection.run(statement)
            accepted += 1
        except connection.Error:
            connection.run("ROLLBACK TO SAVEPOINT dataflow_testkit_attempt")
    return accepted


def _but_rows(objects: Iterable[Object]) -> list[str]:
    """The objects, a line each, without the rows of materialized views."""
    shown = sorted((each for each in objects if each.kind != VIEWED_ROWS), key=repr)
    return [" ".join(f"{each.kind} {each.name} {each.part} {each.definition}".split()) for each in shown]
