"""Attacks by transactions that stay open, on connections of every kind."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading

import aiosqlite
from attack import Attack, named, refused, undone
from sqlite_attacks_on_rows import script
from sqlite_target import SqliteTarget

LOCKED = "is locked by an open transaction"
WRITE = "INSERT INTO customers (name) VALUES ('uncommitted')"


def left_open(*statements: str) -> object:
    """Statements on a connection that outlives the test."""

    def run(target: SqliteTarget) -> None:
        connection = target.hold(target.connect())
        for statement in statements:
            connection.execute(statement)

    return run


def of_sqlite3s_own(target: SqliteTarget) -> None:
    """sqlite3 begins a transaction by itself."""
    target.hold(sqlite3.connect(target.path)).execute(WRITE)


def with_a_cursor_half_read(target: SqliteTarget) -> None:
    connection = target.connect()
    connection.execute("BEGIN IMMEDIATE")
    cursors = [connection.execute("SELECT * FROM heap")]
    cursors[0].fetchone()
    target.hold(connection, cursors.clear)  # it reads on, though the kit closes the connection


def of_aiosqlite(target: SqliteTarget) -> None:
    async def begin() -> aiosqlite.Connection:
        connection = await aiosqlite.connect(target.path)
        await connection.execute(WRITE)
        return connection

    connection = asyncio.run(begin())
    target.hold(connection, lambda: asyncio.run(connection.close()))


def in_a_thread(target: SqliteTarget) -> None:
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        connection = target.connect()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(WRITE)
        begun.set()
        done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    target.hold(thread, lambda: (done.set(), thread.join()))
    assert begun.wait(10)


def in_a_process(target: SqliteTarget) -> None:
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        f'connection.execute("{WRITE}")\n'
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-S", "-c", program, target.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    target.hold(holder, lambda: holder.communicate())
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"


ATTACKS: tuple[Attack, ...] = (
    named("a transaction is left open", left_open("BEGIN IMMEDIATE", WRITE), says=LOCKED),
    undone("a reader is left open", "DELETE FROM heap", left_open("BEGIN", "SELECT * FROM heap")),
    undone("a transaction is rolled back", script("BEGIN", WRITE, "ROLLBACK"), "DELETE FROM heap"),
    undone("an open reader of before a schema change", left_open("BEGIN", "SELECT * FROM heap"), "DROP TABLE heap"),
)


def with_a_blob_that_stays_open(target: SqliteTarget) -> None:
    """Open to be written, it holds the lock of a transaction that sqlite3 does not tell of."""
    connection = target.hold(target.connect())
    opened = connection.blobopen("files", "content", 1)
    opened.write(b"\xff")
    target.held.callback(opened.close)


SLOW: tuple[Attack, ...] = (
    named("a transaction that has written nothing yet", left_open("BEGIN IMMEDIATE"), says=LOCKED),
    named("a transaction that sqlite3 began", of_sqlite3s_own, says=LOCKED),
    named("a savepoint is left open", left_open("SAVEPOINT a", WRITE), says=LOCKED),
    named("an exclusive transaction", left_open("BEGIN EXCLUSIVE", "DELETE FROM heap"), says=LOCKED),
    named("a transaction that changed the schema", left_open("BEGIN", "DROP TABLE heap"), says=LOCKED),
    named("a blob stays open", with_a_blob_that_stays_open, says=LOCKED),
    named("a transaction with a query half read", with_a_cursor_half_read, says=LOCKED),
    named("a transaction of aiosqlite", of_aiosqlite, says=LOCKED),
    named("a transaction of a thread", in_a_thread, says=LOCKED),
    named("a transaction of another process", in_a_process, says=LOCKED),
    refused("an exclusive locking mode", script("PRAGMA locking_mode = EXCLUSIVE", "BEGIN IMMEDIATE"), says="locked"),
)
