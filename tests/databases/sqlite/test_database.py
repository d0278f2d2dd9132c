"""SQLite's URLs, and which files the kit takes; what all kinds do is in `contract/test_database.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kailash_testkit.databases import open_database
from kailash_testkit.databases.sqlite import watched_connections
from kailash_testkit.databases.sqlite.connection import file_of
from kailash_testkit.databases.sqlite.database import Database, look_for_row
from kailash_testkit.databases.sqlite.ownership import APPLICATION_ID
from kailash_testkit.errors import UnsafeDatabase, UnsupportedDatabase

Run = Callable[[str], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def run(path: Path) -> Run:
    """Runs a statement on a connection of its own, as the application would."""

    def run(statement: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(statement)
        connection.close()

    return run


# --- URLs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////tmp/a.db", "/tmp/a.db"),
        ("sqlite:////tmp/with space.db", "/tmp/with space.db"),
        ("/tmp/a.db", "/tmp/a.db"),
    ],
)
def test_the_file_of_a_url(url: str, file: str) -> None:
    assert file_of(url) == Path(file)


@pytest.mark.parametrize(
    "url", ["sqlite:///:memory:", ":memory:", "sqlite://:memory:", "sqlite:///file:a?mode=memory&cache=shared"]
)
def test_in_memory_urls_are_refused(url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=r"(?s)in-memory.*no other connection can see it"):
        file_of(url)


@pytest.mark.parametrize("url", ["sqlite:///a.db", "sqlite:///./data/a.db"])
def test_relative_urls_are_refused_with_an_absolute_one_to_use(url: str) -> None:
    with pytest.raises(
        UnsupportedDatabase, match=r"(?s)relative SQLite URL .*nodes open /.*use four slashes: sqlite:////"
    ):
        file_of(url)


@pytest.mark.parametrize(
    "url",
    ["sqlite+aiosqlite:////tmp/a.db", "sqlite:////tmp/a.db?timeout=5", "sqlite:////tmp/a%20b.db", "sqlite://a.db"],
)
def test_urls_of_which_dataflow_takes_parts_for_the_files_name_are_refused(url: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=r"(?s)cannot be tested on.*drivers, options and escapes.*plain path"):
        file_of(url)


def test_open_database_picks_the_kind_by_url(path: Path) -> None:
    database = open_database(f"sqlite:///{path}")
    assert isinstance(database, Database)
    assert database.url == f"sqlite:///{path}"
    database.close()


@pytest.mark.parametrize("url", ["postgresql://ada:secret@host/db", "mysql://ada:secret@host/db"])
def test_other_kinds_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(UnsupportedDatabase) as caught:
        open_database(url)
    assert "ada:***@host" in str(caught.value)


# --- claiming ------------------------------------------------------------------------------------


def marker(path: Path) -> int:
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    connection.close()
    return int(found)


def test_a_new_file_is_marked_and_known_again(path: Path, run: Run) -> None:
    database = Database(f"sqlite:///{path}")
    database.claim(allow_existing=False)
    database.close()
    assert marker(path) == APPLICATION_ID
    assert APPLICATION_ID.to_bytes(4, "big") == b"KTK1"
    run("CREATE TABLE notes (id INTEGER)")
    run("INSERT INTO notes VALUES (1)")
    again = Database(f"sqlite:///{path}")
    again.claim(allow_existing=False)
    again.close()


def test_dataflows_own_tables_do_not_make_a_file_foreign(path: Path, run: Run) -> None:
    run("CREATE TABLE dataflow_model_registry (id INTEGER)")
    database = Database(f"sqlite:///{path}")
    database.claim(allow_existing=False)
    database.close()


def test_many_foreign_tables_are_not_all_listed(path: Path, run: Run) -> None:
    for n in range(8):
        run(f"CREATE TABLE t{n} (id INTEGER)")
    database = Database(f"sqlite:///{path}")
    with pytest.raises(UnsafeDatabase, match=r"it has tables \(t0, t1, t2, t3, t4\)"):
        database.claim(allow_existing=False)
    database.close()
    assert marker(path) == 0


def test_it_is_watched_until_it_is_closed_however_many_journals_it_had(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.claim(allow_existing=False)
    for _ in range(2):
        database.journal().close()
    assert watched_connections.is_watched(str(path))
    database.close()
    assert not watched_connections.is_watched(str(path))


def test_a_file_of_somebody_is_asked_for_a_row_without_a_trace(path: Path, run: Run) -> None:
    url = f"sqlite:///{path}"
    assert not look_for_row(url, "notes", 1)
    assert not path.exists()
    run("CREATE TABLE notes (id INTEGER)")
    run("INSERT INTO notes VALUES (1)")
    assert look_for_row(url, "notes", 1)
    assert not look_for_row(url, "notes", 2**63)
    assert not look_for_row(url, "missing", 1)
