"""The errors of `Store`, with their evidence. Words only; nothing here runs a workflow."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from kailash_testkit.databases import Database
from kailash_testkit.errors import (
    KitError,
    MultipleRowsFound,
    NodeFailed,
    RowNotFound,
    SeedingFailed,
    StoredRowMismatch,
)
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.internals.dataflow import rewrites_text
from kailash_testkit.models import Model
from kailash_testkit.models.differences import differences as places_of
from kailash_testkit.models.differences import lines
from kailash_testkit.models.equality import is_plainly_same, same
from kailash_testkit.models.rows import Row, misfits_of, values_of
from kailash_testkit.models.types import type_name
from kailash_testkit.redaction import fields, masked
from kailash_testkit.text import comma_join, display

_SAMPLED_IDS: Final = 1000
_MOST_DIFFERENCES: Final = 6  # lines, so that the message stays within ten
_PLAIN_TYPE: Final = "declare the field with a type that survives (str, int, float, bool, datetime, dict, list)"
_MOST_HOLDERS: Final = 3
_ANOTHER_VALUE: Final = "give another value for the column that the database names"
_GIVE_ONE: Final = "give a value for the column that the database names"
_TABLES_ARE_GONE: Final = "let the kit create the tables: do not drop them in the application's startup"
_OLD_TABLE: Final = "the table is older than the model: use a fresh test database"
_NO_ZONE: Final = "give a datetime without a time zone: the column keeps none, neither does the application's"
_LOCKED: Final = "end the transaction that is open on the database before seeding"
_SMALLER: Final = "give a smaller number: DataFlow makes columns of four bytes there, also for the application"
# What databases and drivers say, in lower case, in the order in which it is looked for.
_CURES: Final = (
    ("unique constraint", _ANOTHER_VALUE),
    ("duplicate", _ANOTHER_VALUE),
    ("foreign key", "give the id of a row that exists, or declare the field with related(...) in the factory"),
    ("not null", _GIVE_ONE),
    ("not-null", _GIVE_ONE),
    ("cannot be null", _GIVE_ONE),
    ("have a default value", _GIVE_ONE),
    ("database is locked", _LOCKED),
    ("lock wait timeout", _LOCKED),
    ("no such table", _TABLES_ARE_GONE),
    ("no such column", _OLD_TABLE),
    ("unknown column", _OLD_TABLE),
    ("of relation", _OLD_TABLE),
    ("relation ", _TABLES_ARE_GONE),
    ("doesn't exist", _TABLES_ARE_GONE),
    ("int32 range", _SMALLER),
    ("float32 range", _SMALLER),
    ("out of range", _SMALLER),
    ("too long", "give a shorter text: DataFlow makes columns of 255 characters there, also for the application"),
    ("0x00", "give a text without the character NUL, which PostgreSQL cannot store"),
    ("offset-aware", _NO_ZONE),
    ("can not be used with mysql", "give a finite number: MariaDB and MySQL store neither nan nor inf"),
    ("isinstance()", _PLAIN_TYPE),
    ("is not supported", _PLAIN_TYPE),
    ("serializable", _PLAIN_TYPE),
    ("invalid input for query argument", _PLAIN_TYPE),
    ("can not be used as parameter", _PLAIN_TYPE),
    ("data truncated", _PLAIN_TYPE),
)


def seeding_failed(
    model: Model, requested: Mapping[str, object], failure: NodeFailed, stored: Row | None, database: Database
) -> SeedingFailed:
    """The CreateNode failed: before it stored the row, or (a date on SQLite) with the row stored."""
    locked = _cure(failure.why or "") == _LOCKED
    holders = database.open_transactions()[:_MOST_HOLDERS] if locked else []
    return SeedingFailed(
        f"{model.name} was not stored: {failure.why}"
        if stored is None
        else f"{model.name} {stored['id']!r} was stored, but its CreateNode failed then: {failure.why}",
        details=[*shown_values(model, requested), *(f"held by: {line}" for line in holders)],
        why=failure.what,
        do=_cure(failure.why or ""),
    )


def operation_failed(model: Model, verb: str, row_id: object, failure: NodeFailed) -> NodeFailed:
    """An update or delete that DataFlow reported as failed."""
    return NodeFailed(
        f"{verb} of {model.name} {row_id!r} failed: {failure.why}",
        why=failure.what,
        do=_cure(failure.why or ""),
    )


def in_batch(error: KitError, place: int, total: int) -> KitError:
    """The error of one row of several; ``place`` counts from 0."""
    details = [f"row {place + 1} of {total}; none of them is stored", *error.details]
    return type(error)(error.what, details=details, why=error.why, do=error.do)


def row_vanished(model: Model, requested: Mapping[str, object], explanation: Explanation) -> SeedingFailed:
    """DataFlow reported success, and the row is not there."""
    return SeedingFailed(
        f"DataFlow reported that the {model.name} was stored, but it is not in table {model.table}",
        details=[*shown_values(model, requested), *explanation.details],
        why=explanation.summary,
        do=explanation.cure
        or "check that this DataFlow is the one that the test uses, and that no transaction is open",
    )


def compare(model: Model, requested: Mapping[str, object], stored: Row, verb: str) -> None:
    """Raises `StoredRowMismatch` when a requested value is not what was stored."""
    wrong = differences(requested, stored)
    if not wrong:
        return
    shown = wrong[:_MOST_DIFFERENCES]
    details = [line for name in shown for line in _side_by_side(model, name, requested[name], stored)]
    if len(wrong) > len(shown):
        details.append(f"... and {len(wrong) - len(shown)} more")
    why, do = _reason(requested, stored, wrong)
    mismatch = StoredRowMismatch(
        f"{model.name} {stored['id']!r} was {verb}, but not as requested: {comma_join(wrong)}",
        details=details,
        why=why,
        do=do,
    )
    mismatch.row_id = stored["id"]
    raise mismatch


def _reason(requested: Mapping[str, object], stored: Row, wrong: Sequence[str]) -> tuple[str, str]:
    """Why values were stored otherwise, and what to do."""
    for name in wrong:
        asked, kept = requested[name], stored.as_dict().get(name)
        if name in misfits_of(stored):
            return misfits_of(stored)[name]
        if isinstance(asked, str) and rewrites_text(asked):
            return (
                "DataFlow's protection against SQL injection rewrites text that looks like SQL",
                "give another text; the application cannot store this one either",
            )
        if isinstance(asked, datetime) and isinstance(kept, datetime):
            if asked.tzinfo is not None and asked.replace(tzinfo=None, microsecond=0) == kept.replace(microsecond=0):
                return "the column keeps no time zone, and DataFlow drops it without converting", _NO_ZONE
            if asked.replace(microsecond=0) == kept:
                return "the column keeps whole seconds", "give a datetime without microseconds"
    return "DataFlow or the database changed the value on its way", _PLAIN_TYPE


def differences(requested: Mapping[str, object], stored: Row) -> list[str]:
    """The names of the requested values that the row does not have."""
    columns = values_of(stored)
    if all(name in columns and is_plainly_same(value, columns[name]) for name, value in requested.items()):
        return []
    return [name for name, value in requested.items() if name not in columns or not same(value, columns[name])]


def _side_by_side(model: Model, name: str, requested: object, stored: Row) -> list[str]:
    if name not in stored:
        return [f"{name}: requested {display(masked(name, requested, model.name))}, and there is no such column"]
    places = places_of(name, masked(name, requested, model.name), masked(name, stored[name], model.name))
    return lines(places, f"{{}}: requested {{}}, stored {{}}  (declared {type_name(model.columns[name])})")


def not_deleted(model: Model, left: Row) -> NodeFailed:
    """DataFlow reported a delete that did not happen."""
    return NodeFailed(
        f"delete of {model.name} {left['id']!r}: DataFlow reported success, but the row is still there",
        details=[repr(left)],
        do="look for a trigger or foreign key that prevents it",
    )


def not_found(
    model: Model, row_id: object, stored: Row | None, database: Database, tenant: str | None, explanation: Explanation
) -> RowNotFound:
    """No row with that id is visible; tells why, or what is there instead."""
    failure = _not_found(model, row_id, stored, database, tenant, explanation)
    failure.explanation = explanation
    return failure


def _not_found(
    model: Model, row_id: object, stored: Row | None, database: Database, tenant: str | None, explanation: Explanation
) -> RowNotFound:
    what = f"no {model.name} with id {row_id!r}"
    if explanation.cause is Cause.OTHER_TENANT:
        return RowNotFound(f"{what} is visible to tenant {tenant!r}", why=explanation.summary, do=explanation.cure)
    if explanation.cause is Cause.SOFT_DELETED:
        return RowNotFound(f"{what} is visible", why=explanation.summary, do=explanation.cure)
    if stored is not None:
        return RowNotFound(
            f"{what} is visible through DataFlow, but the row is in table {model.table}",
            details=[repr(stored)],
            why="the nodes read another database, or cannot read what is stored",
        )
    there = _there_instead(model, row_id, database)
    if explanation.cause is Cause.NEVER_WRITTEN:
        return RowNotFound(what, details=explanation.details[1:], why=f"it was never written; {there}")
    return RowNotFound(what, details=[*explanation.details, there], why=explanation.summary, do=explanation.cure)


def _there_instead(model: Model, row_id: object, database: Database) -> str:
    total = database.count(model.table)
    if not total:
        return f"table {model.table} has no rows at all"
    close = _closest(row_id, database.sample_ids(model.table, _SAMPLED_IDS))
    return f"table {model.table} has {total} row{'s' if total > 1 else ''}; closest ids: {close}"


def multiple_rows(model: Model, conditions: Mapping[str, object], rows: Sequence[Row]) -> MultipleRowsFound:
    """find() met more than one row."""
    shown = [repr(row) for row in rows[:3]]
    return MultipleRowsFound(
        f"{len(rows)} rows of {model.name} match {display(fields(conditions, model.name))}, expected at most one",
        details=[*shown, *([f"... and {len(rows) - 3} more"] if len(rows) > 3 else [])],
        do=f"narrow the filter, or use rows({model.name}, ...) for all of them",
    )


def _closest(row_id: object, ids: Sequence[object]) -> str:
    if isinstance(row_id, int):
        numbers = [number for number in ids if isinstance(number, int)]
        return comma_join(map(repr, sorted(sorted(numbers, key=lambda n: abs(n - row_id))[:3])))
    texts = [str(found) for found in ids]
    close = difflib.get_close_matches(str(row_id), texts, n=3, cutoff=0.4) or texts[:3]
    return comma_join(map(repr, close))


def shown_values(model: Model, requested: Mapping[str, object]) -> list[str]:
    return [f"values: {display(fields(requested, model.name))}"]


def _cure(reason: str) -> str | None:
    lowered = reason.lower()
    return next((cure for sign, cure in _CURES if sign in lowered), None)
