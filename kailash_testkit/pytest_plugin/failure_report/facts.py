"""What is known of a test: what it changed, its requests, the nodes that failed, the database.

All texts are without secrets. Lists are bounded; beside each stands how much it leaves out.
"""

from __future__ import annotations

from typing import TypedDict

from kailash_testkit.judge.findings import Finding


class ColumnFacts(TypedDict):
    """One column of a changed row, or a place in it: ``before`` is None for a created row, ``after`` for a deleted."""

    name: str
    before: str | None
    after: str | None


class RowFacts(TypedDict):
    """One changed row. kind: created, updated, deleted or soft-deleted. id: as Python shows it.

    after_request: the number of the last request that had begun before; 0 for none.
    """

    kind: str
    model: str
    id: str
    columns: list[ColumnFacts]
    after_request: int


class RowsFacts(TypedDict):
    """Changed rows: the first of them, how many more there are, and how many of each kind and model."""

    rows: list[RowFacts]
    more: int
    counts: dict[str, dict[str, int]]


class RequestFacts(TypedDict):
    """One request. seconds and status are None where they are not known.

    rows: how many it changed; None where that is not known: positions in one journal tell nothing of other databases,
        and an open transaction may hide them. changed: these rows.
    at_the_same_time: how many other requests ran meanwhile; what they changed is also among its rows.
    nodes: how often each node of DataFlow ran for it.
    """

    number: int
    request: str
    status: int | None
    failure: str | None
    recorded: bool
    seconds: float | None
    task: str | None
    rows: int | None
    changed: RowsFacts
    at_the_same_time: int
    nodes: dict[str, int]
    failed_nodes: list[str]
    observed: list[str]


class ExplanationFacts(TypedDict):
    """An `Explanation`."""

    cause: str
    certain: bool
    summary: str
    evidence: list[str]
    unknown: list[str]
    cure: str | None


class Facts(TypedDict):
    """One test. error: the whole message; empty where the test did not fail.

    changes: the net effect of all, in lines; more_changes: how many rows they leave out.
    seeded: rows that the test, or its fixtures, wrote by means of the kit.
    outside: rows that somebody else wrote outside of requests; outside_is_certain: False where a request may have
        written them all the same.
    observed: lists that a default limit cut, calls that were never awaited, statements that a request repeated.
    open_transactions: who holds the database in a transaction when the test fails; nobody else sees what it wrote.
    gaps: why there may be more changes. waited: for what, and how long, after the test's end.
    trouble: why something is not known. findings: of the judge.
    """

    test: str
    phase: str
    error: str
    replay: str
    seed: int
    database: str
    changes: list[str]
    more_changes: int
    seeded: RowsFacts
    outside: RowsFacts
    outside_is_certain: bool
    requests: list[RequestFacts]
    more_requests: int
    failed_nodes: list[str]
    observed: list[str]
    open_transactions: list[str]
    gaps: list[str]
    waited: list[str]
    explanation: ExplanationFacts | None
    trouble: str | None
    findings: list[Finding]


def no_rows() -> RowsFacts:
    """No changed rows."""
    return RowsFacts(rows=[], more=0, counts={})


def counted(rows: RowsFacts) -> int:
    """How many rows changed."""
    return sum(number for models in rows["counts"].values() for number in models.values())
