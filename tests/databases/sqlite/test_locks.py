"""An open transaction of someone else: a short wait, then an error that names the holder; never a hang."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import aiosqlite
import pytest
from journal_bench import Bench, SqlitePlace

from kailash_testkit.errors import DatabaseBusy


@pytest.fixture
def locked(bench: Bench) -> sqlite3.Connection:
    bench.start("CREATE TABLE t (v)")
    return bench.connect()


def test_undo_waits_shortly_and_names_the_connection(bench: Bench, locked: sqlite3.Connection) -> None:
    mark = bench.journal.mark()
    locked.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(DatabaseBusy) as caught:
        bench.journal.undo(mark)
    assert 0.04 < time.monotonic() - started < 4.5  # not the 5 s that sqlite3 waits by itself
    assert str(caught.value) == (
        f"the database {bench.place.path} is locked by an open transaction\n"
        f"  sqlite3.Connection at {id(locked):#x}, in a transaction\n"
        "  why: a transaction was begun and neither committed nor rolled back\n"
        "  do:  end every transaction before the test ends: commit, roll back, or close the connection"
    )
    locked.execute("ROLLBACK")
    assert bench.journal.undo(mark).method == "nothing"


def test_putting_back_a_saved_state_does_not_hang_either(bench: Bench, locked: sqlite3.Connection) -> None:
    mark, before = bench.journal.mark(), bench.journal.fingerprint()
    bench.app.execute("CREATE TABLE fresh (v)")
    locked.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        bench.journal.undo(mark)
    state = bench.journal._state(mark)
    with pytest.raises(DatabaseBusy):  # had the lock been taken a moment later
        bench.journal._undo_by_saved_state(state)
    locked.execute("ROLLBACK")
    bench.journal.undo(mark)
    assert bench.journal.fingerprint() == before


def test_an_open_reader_in_rollback_mode_is_reported(tmp_path: Path) -> None:
    bench = Bench(SqlitePlace(tmp_path, journal_mode="DELETE"))
    bench.start("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)")
    mark = bench.journal.mark()
    bench.app.execute("DELETE FROM t")
    reader = sqlite3.connect(bench.place.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t").fetchall()
    with pytest.raises(DatabaseBusy, match=f"{id(reader):#x}"):
        bench.journal.undo(mark)
    reader.execute("COMMIT")
    bench.journal.undo(mark)
    assert bench.run("SELECT * FROM t") == [(1,), (2,)]
    reader.close()
    bench.close()


def test_a_connection_of_another_thread_is_named_though_it_cannot_be_asked(
    bench: Bench, locked: sqlite3.Connection
) -> None:
    mark = bench.journal.mark()
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(bench.place.path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        begun.set()
        done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(10)
    try:
        with pytest.raises(DatabaseBusy, match=r"in a transaction \(its file cannot be asked for\)"):
            bench.journal.undo(mark)
    finally:
        done.set()
        thread.join()


async def test_an_aiosqlite_connection_is_named(bench: Bench, locked: sqlite3.Connection) -> None:
    mark = bench.journal.mark()
    async with aiosqlite.connect(bench.place.path) as connection:
        await connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match=rf"aiosqlite connection at {id(connection):#x} of thread Thread-"):
            bench.journal.undo(mark)
        await connection.rollback()


def test_transactions_on_other_files_are_not_named(bench: Bench, locked: sqlite3.Connection, tmp_path: Path) -> None:
    mark = bench.journal.mark()
    elsewhere = sqlite3.connect(tmp_path / "elsewhere.db", isolation_level=None)
    elsewhere.execute("BEGIN IMMEDIATE")
    locked.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy) as caught:
        bench.journal.undo(mark)
    assert f"{id(locked):#x}" in str(caught.value)
    assert f"{id(elsewhere):#x}" not in str(caught.value)
    elsewhere.close()


def test_another_process_is_suspected_when_nobody_here_holds_it(bench: Bench, locked: sqlite3.Connection) -> None:
    mark = bench.journal.mark()
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, bench.place.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ""},
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseBusy, match="another process may hold it"):
            bench.journal.undo(mark)


def test_looking_at_the_files_lets_go_of_no_lock(bench: Bench, locked: sqlite3.Connection) -> None:
    """When a process closes a file, the system lets go of its locks on it, SQLite's too."""
    mark = bench.journal.mark()
    locked.execute("BEGIN IMMEDIATE")
    bench.journal.moved(mark)
    program = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    other = subprocess.run(
        [sys.executable, "-S", "-c", program, bench.place.path], capture_output=True, text=True, check=False
    )
    assert "database is locked" in other.stderr
    locked.execute("ROLLBACK")


def test_a_text_factory_of_the_connections_does_not_hide_its_file(bench: Bench, locked: sqlite3.Connection) -> None:
    mark = bench.journal.mark()
    locked.text_factory = len
    locked.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy) as caught:
        bench.journal.undo(mark)
    assert f"  sqlite3.Connection at {id(locked):#x}, in a transaction\n" in str(caught.value)
    locked.execute("ROLLBACK")
