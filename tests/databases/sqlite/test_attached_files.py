"""Whether an attached file was changed is seen from outside, without opening it."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.sqlite.attached_files import AttachedFiles

ALL_IS_OLDER = math.inf
"""Than the test, whatever is looked at."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database of before the test."""
    path = str(tmp_path / "kept.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (v)")
    return path


@pytest.fixture
def files(path: str) -> AttachedFiles:
    files = AttachedFiles()
    files.add([path])
    return files


@pytest.fixture(params=["delete", "wal"])
def connection(path: str, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """Of somebody else, who keeps it open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {request.param}")
        connection.execute("INSERT INTO t VALUES (0)")
        yield connection


def test_each_change_is_told_once(path: str, files: AttachedFiles, connection: sqlite3.Connection) -> None:
    assert files.changed(ALL_IS_OLDER) == [path]
    assert files.changed(ALL_IS_OLDER) == []
    connection.execute("UPDATE t SET v = 1")  # the size stays, and it may be the same tick of the file system's clock
    assert files.changed(ALL_IS_OLDER) == [path]


def test_reading_changes_nothing(path: str, files: AttachedFiles, connection: sqlite3.Connection) -> None:
    files.changed(ALL_IS_OLDER)
    connection.execute("SELECT * FROM t").fetchall()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("ROLLBACK")
    assert files.changed(ALL_IS_OLDER) == []


def test_a_log_that_is_copied_into_the_file_is_no_change(path: str, files: AttachedFiles) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO t VALUES (0)")
        connection.commit()
        assert files.changed(ALL_IS_OLDER) == [path]
    assert files.changed(ALL_IS_OLDER) == []  # the last connection to close copies it


def test_what_a_test_makes_in_its_own_folder_or_removes_is_its_own(tmp_path: Path) -> None:
    began, files = clocks.now(), AttachedFiles()
    folder = tmp_path / "made"
    paths = own, gone = folder / "own.db", folder / "gone.db"
    files.add(map(str, paths))
    folder.mkdir()
    for each in paths:
        each.write_bytes(b"content")
    gone.unlink()
    assert files.changed(began) == []
    own.write_bytes(b"more")
    assert files.changed(ALL_IS_OLDER) == [str(own)]


def test_a_file_that_is_made_in_an_older_folder_is_told(tmp_path: Path) -> None:
    files, path = AttachedFiles(), tmp_path / "left.db"
    time.sleep(0.05)
    began = clocks.now()
    files.add([str(path)])
    path.write_bytes(b"content")
    assert files.changed(began) == [str(path)]
