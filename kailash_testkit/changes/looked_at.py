"""What expectations that are met look at, told to whoever observes (`looks`)."""

from __future__ import annotations

from collections.abc import Sequence

from kailash_testkit import looks
from kailash_testkit.changes.expectations import Expectation
from kailash_testkit.changes.matching import matched
from kailash_testkit.changes.net import Change


def note_met(expected: Sequence[Expectation], actual: Sequence[Change]) -> None:
    """All expectations are met: each looked at the columns that it names; that of an update at all that changed."""
    for place, number in matched(expected, actual).items():
        expectation, change = expected[place], actual[number]
        whole = expectation.kind == "updated" and bool(expectation.fields)
        note_checked(change, change.columns if whole else tuple(expectation.fields))


def note_checked(change: Change, names: Sequence[str]) -> None:
    """A change was held against what was expected of it, in these columns."""
    if looks.observer is None:
        return
    looks.observer.row_seen(change.model, change.id, change.kind)
    row = change.after
    if row is not None:
        values = row.as_dict()
        looks.observer.fields_read(change.model, change.id, {name: values[name] for name in names if name in values})
