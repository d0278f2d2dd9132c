"""Whether a value that was sent, shown by the API, or stored is the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from kailash_testkit.models import Model
from kailash_testkit.models.differences import differences, lines
from kailash_testkit.models.equality import json_in_text, same
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, jsonable, misfits_of, model_of
from kailash_testkit.models.types import alternatives, decode
from kailash_testkit.redaction import masked
from kailash_testkit.text import display

MANAGED_COLUMNS: Final = MANAGED | {"deleted_at"}
"""Columns that DataFlow sets itself and that APIs show in many forms."""


def agree(sent: object, shown: object) -> bool:
    """Whether an API shows what was sent, in its own form.

    Objects may show more than was sent, moments may be written in another form of ISO 8601, in UTC where they have no
    zone, and SQLite's 1 and 0 stand for True and False.

    >>> agree({"lines": [{"n": 1}]}, {"lines": [{"id": 7, "n": 1}]}), agree(True, 1), agree("a", "b")
    (True, True, False)
    """
    sent, shown = jsonable(sent), jsonable(shown)
    if sent == shown or same(sent, shown):
        return True
    if isinstance(sent, Mapping) and isinstance(shown, Mapping):
        ours, theirs = cast("Mapping[str, object]", sent), cast("Mapping[str, object]", shown)
        return all(name in theirs and agree(value, theirs[name]) for name, value in ours.items())
    if isinstance(sent, list) and isinstance(shown, list):
        left, right = cast("list[object]", sent), cast("list[object]", shown)
        return len(left) == len(right) and all(map(agree, left, right))
    return isinstance(sent, str) and isinstance(shown, str) and _same_moment(sent, shown)


def _same_moment(one: str, other: str) -> bool:
    try:
        ours, theirs = datetime.fromisoformat(one), datetime.fromisoformat(other)
    except ValueError:
        return False
    if (ours.tzinfo is None) != (theirs.tzinfo is None):  # columns keep no zone: what has none is in UTC
        ours, theirs = _in_utc(ours), _in_utc(theirs)
    return ours == theirs


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def is_stored(model: Model, name: str, sent: object, row: Row) -> bool:
    """Whether a column holds what was sent as JSON; a column of text may hold a list or object as its JSON."""
    stored = row[name]
    return same(decode(model.columns[name], jsonable(sent)), stored) or agree(sent, _like(sent, stored))


def _like(value: object, stored: object) -> object:
    """A stored value; the list or object whose JSON it is where it is to be compared with one."""
    return json_in_text(stored) if isinstance(stored, str) and isinstance(value, Mapping | list) else stored


def not_stored(model: Model, sent: Mapping[str, object], row: Row, ignored: Collection[str]) -> list[str]:
    """A line for each place where a column does not hold what was sent."""
    names = [
        name for name in sent if name in row and name in model.columns and name not in {*MANAGED_COLUMNS, *ignored}
    ]
    return [
        line
        for name in names
        if not is_stored(model, name, sent[name], row)
        for line in _lines(name, model.name, sent[name], row[name], "{}: sent {}, stored {}")
    ]


def reason(model: Model, sent: Mapping[str, object], row: Row) -> tuple[str, str] | tuple[None, None]:
    """Why a column does not hold what was sent, and what to do, where the two values prove it."""
    for name, value in sent.items():
        if name not in row or name not in model.columns or is_stored(model, name, value, row):
            continue
        if name in misfits_of(row):
            return misfits_of(row)[name]
        if _lost_zone(jsonable(value), row[name]):
            return (
                f"{name} was sent with a time zone, and is stored with its digits and without the zone: another moment",
                "convert to UTC before storing: value.astimezone(UTC).replace(tzinfo=None)",
            )
    return None, None


def _lost_zone(sent: object, stored: object) -> bool:
    shown = jsonable(stored)
    if not isinstance(sent, str) or not isinstance(shown, str):
        return False
    try:
        ours, theirs = datetime.fromisoformat(sent), datetime.fromisoformat(shown)
    except ValueError:
        return False
    aware = ours.utcoffset()
    digits = ours.replace(tzinfo=None, microsecond=0) == theirs.replace(tzinfo=None, microsecond=0)
    return bool(aware) and digits and (theirs.tzinfo is None or not theirs.utcoffset())


def not_shown(
    sent: Mapping[str, object], shown: Mapping[str, object], names: Iterable[str], model: Model | None = None
) -> list[str]:
    """A line for each place where the answer does not show one of the named fields as it was sent.

    model: whose row it is, if that is known: what its columns keep as JSON text may be shown so.
    """
    found: list[str] = []
    for name in names:
        if name not in shown:
            found.append(f"{name}: sent {display(masked(name, sent[name]))}, not in the response")
            continue
        value = _like(sent[name], shown[name]) if _is_text(model, name) else shown[name]
        if not agree(sent[name], value):
            found += _lines(name, None, sent[name], shown[name], "{}: sent {}, the response has {}")
    return found


def _is_text(model: Model | None, name: str) -> bool:
    return model is not None and str in alternatives(model.columns.get(name))


def stale(row: Row, shown: Mapping[str, Any], ignored: Collection[str] = ()) -> list[str]:
    """A line for each place where an answer does not show what is stored in the column of that name."""
    names = [name for name in shown if name in row and name not in {*MANAGED_COLUMNS, *ignored}]
    return [
        line
        for name in names
        if not agree(_like(shown[name], row[name]), shown[name])
        for line in _lines(name, model_of(row), shown[name], row[name], "{}: the response has {}, stored is {}")
    ]


def _lines(name: str, model: str | None, one: object, other: object, form: str) -> list[str]:
    ours, theirs = masked(name, jsonable(one), model), masked(name, jsonable(other), model)
    return lines(differences(name, ours, theirs, agree), form)
