"""Changes and unmet expectations in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kailash_testkit.changes.expectations import ANY_ID, Expectation
from kailash_testkit.changes.matching import matched
from kailash_testkit.changes.net import Change
from kailash_testkit.models.differences import differences
from kailash_testkit.models.equality import identical
from kailash_testkit.models.rows import Row, misfits_of, shown_columns
from kailash_testkit.redaction import fields

_MOST: Final = 20
"""Differences of each kind that are reported one by one; whoever sees so many looks for another cause."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column of a changed row, or one place in it, in words.

    ``before`` is None for a created row, ``after`` for a deleted one.
    """

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.name}: {self.before} -> {self.after}" if self.before else self.name  # "... and 3 more places"


def described(change: Change) -> str:
    """One change in a few lines: its row, then the columns that differ.

    An update lists old and new values; a created row its values.
    """
    head = f"{verb(change)} {change.model} {change.id!r}"
    if change.before is not None and change.after is not None:
        return "\n".join([head, *(f"  {column}" for column in columns(change))])
    if change.after is not None:
        values = _shown(change.after, change)
        return f"{head}: {', '.join(values)}" if values else head
    return head


def verb(change: Change) -> str:
    """What happened to the row: created, updated, deleted or soft-deleted."""
    return "soft-deleted" if change.soft else change.kind


def columns(change: Change) -> list[ColumnChange]:
    """What became of each column, without secrets: those that differ of an updated row, all but the id of others."""
    row = change.after or change.before
    if row is not None and (change.before is None or change.after is None):
        pairs = (shown.partition("=") for shown in _shown(row, change))
        is_new = change.before is None
        return [ColumnChange(name, None if is_new else value, value if is_new else None) for name, _, value in pairs]
    before = fields(change.before.as_dict(), change.model) if change.before is not None else {}
    after = fields(change.after.as_dict(), change.model) if change.after is not None else {}
    return [
        ColumnChange(place.path, place.one, place.other)
        for name in change.reported_columns
        for place in differences(name, before.get(name), after.get(name), identical)
    ]


def _shown(row: Row, change: Change) -> list[str]:
    return shown_columns(row, [name for name in change.reported_columns if name != "id"])


def unmet(expected: Sequence[Expectation], actual: Sequence[Change]) -> list[str]:
    """Lines that hold expected and actual changes side by side; empty when they agree.

    What is not worth reporting (see `Change.is_reported`) may be expected, and need not be.
    """
    pairs = matched(expected, actual)
    missing = [expectation for place, expectation in enumerate(expected) if place not in pairs]
    met = set(pairs.values())
    extra = [change for place, change in enumerate(actual) if place not in met and change.is_reported]
    if not missing and not extra:
        return []
    report = [f"{len(met)} as expected"] if met else []
    for expectation in missing[:_MOST]:
        report += _against(expectation, extra)
    for change in extra[:_MOST]:
        report += _labelled("unexpected: ", described(change))
    unlisted = max(0, len(missing) - _MOST), max(0, len(extra) - _MOST)
    return [*report, "... and {} more expected, {} more found".format(*unlisted)] if any(unlisted) else report


def misfit_of(actual: Iterable[Change], expected: Iterable[Expectation]) -> tuple[str, str] | tuple[None, None]:
    """Why a column holds no member of its Enum although an expectation names it, and what to do; if one does."""
    named = {(each.model, name) for each in expected for name in each.fields}
    for change in actual:
        for name, misfit in misfits_of(change.after).items() if change.after is not None else ():
            if (change.model, name) in named:
                return f"{change.model}.{name} holds text that is no member: {misfit.why}", misfit.do
    return None, None


def _against(expectation: Expectation, extra: list[Change]) -> list[str]:
    """An unmet expectation, held against the change that comes nearest, which is thereby reported."""
    candidates = [(expectation.problems(change), change) for change in extra if expectation.concerns(change)]
    if not candidates:
        return [f"missing:    {expectation}"]
    problems, close = min(candidates, key=lambda candidate: len(candidate[0]))
    extra.remove(close)
    row = f"   (nearest: {close.id!r})" if expectation.id is ANY_ID else ""
    return [f"different:  {expectation}{row}", *(" " * 14 + problem for problem in problems)]


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = text.splitlines()
    return [f"{label}{first}", *(" " * len(label) + line for line in rest)]


def listing(changes: Iterable[Change]) -> list[str]:
    """The lines that describe all changes."""
    return [line for change in changes for line in described(change).splitlines()]
