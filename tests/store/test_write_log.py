"""Which rows the verbs of a kit wrote."""

from __future__ import annotations

from kailash_testkit.store.write_log import WriteLog, write_of


def test_writes_are_counted_whatever_the_type_of_an_id() -> None:
    log = WriteLog()
    log.note("insert", "orders", [1, "1", 2])
    assert log.counted() == {write_of("insert", "orders", 1): 2, write_of("insert", "orders", "2"): 1}


def test_going_back_forgets_what_came_later() -> None:
    log = WriteLog()
    log.note("insert", "orders", [1])
    before = log.counted()
    log.note("update", "orders", [1])
    log.go_back(before)
    assert log.counted() == before
    log.note("update", "orders", [1])
    assert write_of("update", "orders", 1) not in before
    log.go_back()
    assert not log.counted()
