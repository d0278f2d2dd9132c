"""Connections to a file under test are of a subclass that tells of blobs and attached files; nothing else differs."""

from __future__ import annotations

import asyncio
import copy
import math
import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy

from kailash_testkit.databases.sqlite import watched_connections
from kailash_testkit.databases.sqlite.connection import Connection


@pytest.fixture
def path(tmp_path: Path) -> Iterator[str]:
    """A file under test, with one row."""
    path = str(tmp_path / "watched.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (v); INSERT INTO t VALUES ('text')")
    watched_connections.watch(path)
    yield path
    watched_connections.unwatch(path)


@pytest.fixture
def aside(tmp_path: Path) -> str:
    return str(tmp_path / "aside.db")


class UsersConnection(sqlite3.Connection):
    def shout(self) -> str:
        return "!"


class UsersCursor(sqlite3.Cursor):
    pass


def attached() -> list[str]:
    return watched_connections.ATTACHED.changed(math.inf)


def opens_blobs(connection: Any) -> bool:
    before = watched_connections.blobs_opened()
    with closing(connection), connection.blobopen("t", "v", 1) as blob:
        blob.write(b"T")
    return watched_connections.blobs_opened() == before + 1


def test_connections_to_the_file_are_watched_however_it_is_spelled(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    link = Path(path).with_name("link.db")
    link.symlink_to(path)
    monkeypatch.chdir(link.parent)
    assert opens_blobs(sqlite3.connect(path))
    assert opens_blobs(sqlite3.connect(database=Path(path)))
    assert opens_blobs(sqlite3.connect(link))
    assert opens_blobs(sqlite3.connect("watched.db"))
    assert opens_blobs(sqlite3.connect(Path(path).as_uri(), uri=True))
    assert opens_blobs(sqlite3.dbapi2.connect(path))


def test_other_connections_are_as_ever(path: str, tmp_path: Path) -> None:
    for other in (":memory:", tmp_path / "other.db"):
        with closing(sqlite3.connect(other)) as connection:
            assert type(connection) is sqlite3.Connection
    with closing(Connection.open(path)) as own:
        assert type(own.raw).__name__ == "OwnConnection"


def test_a_watched_connection_looks_like_any_other(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.cursor()
        assert isinstance(connection, sqlite3.Connection)
        assert isinstance(cursor, sqlite3.Cursor)
        assert f"{type(connection)} {type(cursor)}" == "<class 'sqlite3.Connection'> <class 'sqlite3.Cursor'>"
        assert cursor.execute("SELECT v FROM t") is cursor
        assert connection.execute("SELECT ?", (1,)).fetchall() == [(1,)]
        assert connection.execute("SELECT :a", {"a": 2}).fetchone() == (2,)
        assert connection.executescript("SELECT 1;").fetchall() == []
        with pytest.raises(AttributeError):
            connection.more = 1  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match="str"):
            connection.executescript(None)  # type: ignore[arg-type]


def test_factories_of_the_user_are_respected(path: str, aside: str) -> None:
    with closing(sqlite3.connect(path, 5.0, 0, None, False, UsersConnection)) as connection:
        assert isinstance(connection, UsersConnection)
        assert connection.shout() == "!"
        cursor = connection.cursor(UsersCursor)
        assert isinstance(cursor, UsersCursor)
        cursor.execute("ATTACH ? AS aside", (aside,))
        cursor.execute("CREATE TABLE aside.t (v)")
    assert attached() == [aside]
    with closing(sqlite3.connect(path, factory=lambda *given, **options: UsersConnection(*given, **options))) as plain:  # type: ignore[arg-type]
        assert type(plain) is UsersConnection
        assert type(plain.cursor(lambda owner: UsersCursor(owner))) is UsersCursor
    with closing(sqlite3.connect(path)) as connection:
        assert type(connection.cursor(lambda owner: UsersCursor(owner))) is UsersCursor


def test_connect_stays_what_it_was_for_those_who_keep_it(path: str) -> None:
    class Store:
        connect = sqlite3.connect

    with closing(Store().connect(path)) as connection:
        assert connection.execute("SELECT v FROM t").fetchall() == [("text",)]
    assert pickle.loads(pickle.dumps(sqlite3.connect)) is sqlite3.connect
    assert copy.deepcopy(sqlite3.connect) is sqlite3.connect
    assert sqlite3.connect.__name__ == "connect"


def test_a_wrapper_around_connect_stays_and_so_does_one_that_is_watched_twice(path: str, tmp_path: Path) -> None:
    before = sqlite3.connect
    other = str(tmp_path / "second.db")
    try:
        sqlite3.connect = lambda *given, **options: before(*given, **options)  # type: ignore[misc]
        wrapper = sqlite3.connect
        watched_connections.watch(other)
        assert opens_blobs(sqlite3.connect(path))
        watched_connections.unwatch(other)
        assert sqlite3.connect(path).close() is None
    finally:
        assert sqlite3.connect is not before
        sqlite3.connect = before
    assert wrapper is not before


def test_a_file_is_no_longer_watched_after_the_last_unwatch(path: str) -> None:
    watched_connections.watch(path)
    watched_connections.unwatch(path)
    assert opens_blobs(sqlite3.connect(path))


def test_aiosqlite_and_sqlalchemy_give_watched_connections(path: str, aside: str) -> None:
    async def by_aiosqlite() -> None:
        async with aiosqlite.connect(path) as connection:
            await connection.execute("ATTACH ? AS aside", (aside,))
            await connection.execute("CREATE TABLE aside.t (v)")

    asyncio.run(by_aiosqlite())
    assert attached() == [aside]
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("ATTACH ? AS aside", (aside,))
        connection.exec_driver_sql("INSERT INTO aside.t VALUES (1)")
        connection.commit()
    engine.dispose()
    assert attached() == [aside]


@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH '{}' AS aside",
        "attach database '{}' as aside",
        "  -- why\n /* what */ ; ATTACH 'file:{}?mode=rwc' AS aside",
        "ATTACH '' || '{}' AS aside",
    ],
)
def test_attaching_is_recognised(path: str, aside: str, statement: str) -> None:
    with closing(sqlite3.connect(path, uri=True)) as connection:
        connection.execute(statement.format(aside))
        connection.execute("CREATE TABLE aside.t (v)")
    assert attached() == [aside]


def test_what_a_script_attaches_writes_and_lets_go_of_is_told(path: str, aside: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"ATTACH '{aside}' AS aside; CREATE TABLE aside.t (v); DETACH aside")
        assert attached() == [aside]
        connection.cursor().executescript(f"ATTACH '{aside}' AS aside; INSERT INTO aside.t VALUES (1); DETACH aside")
        assert attached() == [aside]


def test_only_files_that_are_not_under_test_are_told(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ATTACH ':memory:' AS memory")
        connection.execute("ATTACH ? AS again", (path,))
        connection.execute("CREATE TABLE memory.t (v)")
        connection.execute("INSERT INTO again.t VALUES (1)")
        connection.commit()
    assert attached() == []


def test_reading_a_blob_writes_nothing(path: str) -> None:
    before = watched_connections.blobs_opened()
    with closing(sqlite3.connect(path)) as connection, connection.blobopen("t", "v", 1, readonly=True) as blob:
        assert blob.read() == b"text"
    assert watched_connections.blobs_opened() == before


def test_what_names_no_file_is_refused_as_ever(path: str) -> None:
    for nothing in (None, 5):
        with pytest.raises(TypeError, match=r"str, bytes or os\.PathLike"):
            sqlite3.connect(nothing)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="database"):
        sqlite3.connect()  # type: ignore[call-arg]


UNWATCHED_LAST = """
import sqlite3, sys
from kailash_testkit.databases.sqlite import watched_connections

watched_connections.watch(sys.argv[1])
watched = sqlite3.connect
sqlite3.connect = lambda *given, **options: watched(*given, **options)
wrapper = sqlite3.connect
watched_connections.unwatch(sys.argv[1])
assert sqlite3.connect is wrapper
assert sqlite3.dbapi2.connect is watched.__wrapped__
assert type(sqlite3.connect(sys.argv[1])) is sqlite3.Connection
"""


def test_a_wrapper_around_connect_stays_also_when_nothing_is_watched_any_more(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNWATCHED_LAST, str(tmp_path / "last.db")]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""
