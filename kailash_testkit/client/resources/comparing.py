"""Whether a value that was sent, shown by the API, or stored is the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from kailash_testkit.models import Model
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, jsonable, model_of
from kailash_testkit.models.types import decode, same
from kailash_testkit.redaction import masked
from kailash_testkit.text import differing

MANAGED_COLUMNS: Final = MANAGED | {"deleted_at"}
"""Columns that DataFlow sets itself and that APIs show in many forms."""


def agree(sent: object, shown: object) -> bool:
    """Whether an API shows what was sent, in its own form.

    Objects may show more than was sent, moments may be written in another form of ISO 8601, and SQLite's 1 and 0
    stand for True and False.

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
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except ValueError:
        return False


def is_stored(model: Model, name: str, sent: object, row: Row) -> bool:
    """Whether a column holds the value that was sent as JSON."""
    stored = row[name]
    return same(decode(model.columns[name], jsonable(sent)), stored) or agree(sent, stored)


def not_stored(model: Model, sent: Mapping[str, object], row: Row, ignored: Collection[str]) -> list[str]:
    """One line for each column that does not hold what was sent."""
    names = [
        name for name in sent if name in row and name in model.columns and name not in {*MANAGED_COLUMNS, *ignored}
    ]
    return [
        "{}: sent {}, stored {}".format(name, *_shown(name, model.name, sent[name], jsonable(row[name])))
        for name in names
        if not is_stored(model, name, sent[name], row)
    ]


def not_shown(sent: Mapping[str, object], shown: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """One line for each of the named fields that the answer does not show as it was sent."""
    lines: list[str] = []
    for name in names:
        if name not in shown:
            lines.append(f"{name}: sent {_shown(name, None, sent[name], None)[0]}, not in the response")
        elif not agree(sent[name], shown[name]):
            lines.append("{}: sent {}, the response has {}".format(name, *_shown(name, None, sent[name], shown[name])))
    return lines


def stale(row: Row, shown: Mapping[str, Any], ignored: Collection[str] = ()) -> list[str]:
    """One line for each field of an answer that is a column and does not show what is stored."""
    names = [name for name in shown if name in row and name not in {*MANAGED_COLUMNS, *ignored}]
    return [
        "{}: the response has {}, stored is {}".format(
            name, *_shown(name, model_of(row), shown[name], jsonable(row[name]))
        )
        for name in names
        if not agree(row[name], shown[name])
    ]


def _shown(name: str, model: str | None, one: object, other: object) -> tuple[str, str]:
    return differing(masked(name, one, model), masked(name, other, model))
