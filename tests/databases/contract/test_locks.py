"""An open transaction of someone else: a short wait, then an error that names the holder; never a hang."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from journal_bench import Bench

from kailash_testkit.errors import DatabaseBusy

SCHEMA = """
CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);
CREATE TABLE other (v INTEGER);
INSERT INTO t VALUES (1, 1), (2, 2);
"""


@pytest.fixture
def holder(bench: Bench) -> Any:
    bench.start(SCHEMA)
    return bench.connect()


def test_undo_waits_shortly_and_names_the_holder(bench: Bench, holder: Any) -> None:
    idle = bench.connect()
    bench.run("SELECT 1", on=idle)
    mark = bench.journal.mark()
    bench.run("BEGIN", on=holder)
    bench.run("UPDATE t SET v = 5 WHERE id = 1", on=holder)
    started = time.monotonic()
    with pytest.raises(DatabaseBusy) as caught:
        bench.journal.undo(mark)
    assert 0.04 < time.monotonic() - started < 4.5  # not the 5 s and more that drivers wait by themselves
    title, *holders, why, do = str(caught.value).splitlines()
    assert re.fullmatch(r"the (?:[\w ]+ )?database \S+ is locked by an open transaction", title)
    named = [line for line in holders if re.search(rf"\b{re.escape(bench.kind.session_of(holder))}\b", line)]
    assert len(named) == 1
    assert holders == named or "perhaps in a transaction" in named[0]  # this user may not see them
    assert [why, do] == [
        "  why: a transaction was begun and neither committed nor rolled back",
        "  do:  end every transaction before the test ends: commit, roll back, or close the connection",
    ]
    bench.run("ROLLBACK", on=holder)
    assert bench.journal.undo(mark).method == "nothing"


def test_an_undo_that_was_refused_can_be_repeated(bench: Bench, holder: Any) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("UPDATE t SET v = 9 WHERE id = 2")
    bench.run("BEGIN", on=holder)
    bench.run("INSERT INTO t VALUES (3, 3)", on=holder)
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    bench.run("COMMIT", on=holder)
    assert bench.journal.undo(mark).changes == 2
    assert bench.journal.fingerprint() == before


def test_putting_the_schema_back_does_not_hang_either(bench: Bench, holder: Any) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.run("CREATE TABLE fresh (v INTEGER)")
    bench.run("DROP TABLE other")
    bench.run("BEGIN", on=holder)
    bench.run("INSERT INTO t VALUES (3, 3)", on=holder)
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    bench.run("ROLLBACK", on=holder)
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


@pytest.mark.slow
@pytest.mark.parametrize("act", ["install", "refresh"])
def test_everything_that_writes_reports_the_lock(bench: Bench, holder: Any, act: str) -> None:
    bench.run("CREATE TABLE fresh (v INTEGER)")
    bench.run("BEGIN", on=holder)
    bench.run("INSERT INTO fresh VALUES (1)", on=holder)
    bench.run("UPDATE t SET v = 2", on=holder)
    with pytest.raises(DatabaseBusy):
        getattr(bench.journal, act)()
    bench.run("ROLLBACK", on=holder)
    getattr(bench.journal, act)()
    mark = bench.journal.mark()
    bench.run("INSERT INTO fresh VALUES (1)")
    assert len(bench.journal.changes(mark)) == 1
