"""Whose changes are whose."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.judge.attributing import Numbered, attributed
from kailash_testkit.store.write_log import WriteLog

Values = dict[str, object]


def recorded(seq: int, kind: Literal["insert", "update", "delete"], row_id: int, value: int) -> RecordedChange:
    after: Values | None = None if kind == "delete" else {"id": row_id, "value": value}
    before: Values | None = None if kind == "insert" else {"id": row_id, "value": value - 1}
    return RecordedChange(seq, "items", kind, (row_id,), (row_id,), before, after)


def timed(number: int, first: int | None, last: int | None, seconds: float | None = 0.1) -> TimedRequest:
    return TimedRequest(number, "POST", lambda: "POST /", first, seconds=seconds, last=last)


def told(changes: Numbered) -> list[tuple[int, str, object]]:
    return [(number, change.kind, change.id) for number, change in changes]


def test_changes_belong_to_the_request_during_which_they_happened() -> None:
    request, other = timed(1, first=1, last=3), timed(2, first=3, last=3)
    changes = [recorded(1, "insert", 1, 1), recorded(2, "update", 1, 2), recorded(3, "insert", 2, 1)]
    writes = WriteLog()
    writes.note("insert", "items", [1])
    found = attributed(changes, [request, other], writes.counted(), {})
    assert told(found.seeded) == [(0, "created", 1)]
    assert [(change.kind, change.id) for change in found.by_request[request] or ()] == [("updated", 1), ("created", 2)]
    assert found.by_request[other] == []
    assert found.outside == []


def test_what_no_verb_of_the_kit_wrote_outside_of_requests_is_somebody_elses() -> None:
    changes = [recorded(1, "insert", 1, 1), recorded(2, "update", 1, 2), recorded(3, "update", 1, 3)]
    writes = WriteLog()
    writes.note("insert", "items", ["1"])
    writes.note("update", "items", [1])
    found = attributed(changes, [timed(1, first=1, last=1)], writes.counted(), {})
    assert told(found.seeded) == [(0, "created", 1), (1, "updated", 1)]
    assert told(found.outside) == [(1, "updated", 1)]


def test_a_row_that_the_test_seeds_while_a_request_runs_is_the_tests() -> None:
    request = timed(1, first=0, last=2)
    writes = WriteLog()
    writes.note("insert", "items", [1])
    found = attributed([recorded(1, "insert", 1, 1), recorded(2, "insert", 2, 1)], [request], writes.counted(), {})
    assert told(found.seeded) == [(1, "created", 1)]
    assert [change.id for change in found.by_request[request] or ()] == [2]


def test_of_two_updates_the_one_within_a_request_is_the_requests() -> None:
    request = timed(1, first=0, last=1)
    writes = WriteLog()
    writes.note("update", "items", [1])
    found = attributed([recorded(1, "update", 1, 2), recorded(2, "update", 1, 3)], [request], writes.counted(), {})
    assert [change.id for change in found.by_request[request] or ()] == [1]
    assert told(found.seeded) == [(1, "updated", 1)]


def test_a_request_whose_end_is_not_known_is_not_said_to_have_changed_anything() -> None:
    hidden = timed(1, first=0, last=None)
    running = timed(2, first=0, last=None, seconds=None)
    found = attributed([recorded(1, "insert", 1, 1)], [hidden, running], Counter(), {})
    assert found.by_request[hidden] is None
    assert [change.id for change in found.by_request[running] or ()] == [1]
