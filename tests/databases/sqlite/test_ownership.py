"""Which SQLite files the kit takes: those that it made, and new ones. Of all others not a byte changes."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kailash_testkit.databases.sqlite import birth
from kailash_testkit.databases.sqlite.birth import birth_of
from kailash_testkit.databases.sqlite.database import Database
from kailash_testkit.databases.sqlite.naming import MARKER_TABLE
from kailash_testkit.databases.sqlite.ownership import APPLICATION_ID
from kailash_testkit.errors import UnsafeDatabase

Make = Callable[..., Path]


def write(path: Path, *statements: str) -> Path:
    """Somebody else's work on a file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def write_and_die(path: Path, *statements: str) -> None:
    """Somebody else's work on a file, by a process that is killed before it closes it."""
    code = "import os, sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    code += "for s in sys.argv[2:]: c.execute(s)\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code, str(path), *statements], check=True)


def claim(path: Path, *, allow_existing: bool = False) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        database.claim(allow_existing=allow_existing)
    finally:
        database.close()


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all files; those of the index of a write-ahead log hold no data."""
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.suffix != ".db-shm"}


def refusal(path: Path, *, allow_existing: bool = False) -> str:
    """Why the file is refused, and that nothing was changed."""
    before = contents(path.parent)
    with pytest.raises(UnsafeDatabase) as caught:
        claim(path, allow_existing=allow_existing)
    assert contents(path.parent) == before
    return str(caught.value)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A file that the kit made, with a table and a row of the application's."""
    path = tmp_path / "ours.db"
    claim(path)
    return write(path, "CREATE TABLE orders (id INTEGER PRIMARY KEY)", "INSERT INTO orders VALUES (1)")


# --- taken -----------------------------------------------------------------------------------------


def test_a_file_that_the_kit_made_is_known_again(ours: Path) -> None:
    claim(ours)
    write(ours, "VACUUM", "PRAGMA user_version = 7", "CREATE VIEW v AS SELECT 1")
    claim(ours)


def test_a_file_without_a_byte_is_new(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    claim(path)
    claim(path)


def test_tables_of_dataflow_do_not_count(tmp_path: Path) -> None:
    claim(
        write(tmp_path / "a.db", "CREATE TABLE dataflow_migrations (id)", "INSERT INTO dataflow_migrations VALUES (1)")
    )


def test_a_symbolic_link_to_a_file_of_the_kit_is_that_file(ours: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(ours)
    claim(link)


def test_an_existing_database_without_rows_is_taken_when_that_is_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", "CREATE TABLE orders (id)", "CREATE VIEW v AS SELECT 1", "PRAGMA user_version = 3")
    claim(path, allow_existing=True)
    write(path, "INSERT INTO orders VALUES (1)")
    claim(path)


def test_an_empty_log_that_a_file_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "a.db-wal").touch()
    claim(tmp_path / "a.db")
    assert refusal(write(tmp_path / "b.db", "CREATE TABLE t (id)"))


# --- refused: somebody else's ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE orders (id)", "it has tables (orders)"),
        ("CREATE TABLE dataflow_jobs (id)", "it has tables (dataflow_jobs)"),
        ("CREATE TABLE dataflow_testkit_journal (id)", "it has tables (dataflow_testkit_journal)"),
        ("CREATE VIRTUAL TABLE notes USING fts5(text)", "it has tables (notes"),
        ("CREATE VIEW v AS SELECT 1", "it has the view v, which the kit did not make"),
        ("PRAGMA user_version = 3", "it has the user_version 3"),
        ("PRAGMA application_id = 1234", "it has the application_id 1234"),
        (f"PRAGMA application_id = {APPLICATION_ID}", f"it has the application_id {APPLICATION_ID}"),
    ],
)
def test_what_somebody_made_is_refused(tmp_path: Path, statement: str, reason: str) -> None:
    assert reason in refusal(write(tmp_path / "a.db", statement))


def test_a_trigger_on_a_table_of_dataflow_is_somebodys(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.db",
        "CREATE TABLE dataflow_migrations (id)",
        "CREATE TRIGGER audit AFTER INSERT ON dataflow_migrations BEGIN SELECT 1; END",
    )
    assert "it has the trigger audit" in refusal(path)


@pytest.mark.parametrize("table", ["orders", "dataflow_jobs", "dataflow_testkit_journal", "_dataflow_jobs"])
def test_rows_are_refused_whatever_is_allowed(tmp_path: Path, table: str) -> None:
    path = write(tmp_path / "a.db", f"CREATE TABLE {table} (id)", f"INSERT INTO {table} VALUES (1)")
    assert f"it has rows in {table}" in refusal(path, allow_existing=True)


def test_rows_that_are_only_in_the_write_ahead_log_are_seen_and_left_there(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    write_and_die(path, "PRAGMA journal_mode = WAL", "CREATE TABLE orders (id)", "INSERT INTO orders VALUES (1)")
    assert "it has rows in orders" in refusal(path, allow_existing=True)


def test_no_files_are_left_beside_a_database_that_was_looked_at(tmp_path: Path) -> None:
    refusal(write(tmp_path / "a.db", "PRAGMA journal_mode = WAL", "CREATE TABLE orders (id)"))
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize("main_file", ["gone", "empty"])
def test_a_write_ahead_log_whose_database_is_gone_is_not_deleted(tmp_path: Path, main_file: str) -> None:
    path = tmp_path / "a.db"
    write_and_die(path, "PRAGMA journal_mode = WAL", "CREATE TABLE orders (id)", "INSERT INTO orders VALUES (1)")
    path.unlink()
    if main_file == "empty":
        path.touch()
    before = contents(tmp_path)
    with pytest.raises(UnsafeDatabase, match=r"a\.db-wal holds changes of a database that is gone"):
        claim(path, allow_existing=True)
    assert contents(tmp_path) == before


def test_a_transaction_that_was_cut_off_is_not_rolled_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.db", "CREATE TABLE orders (id, text)", "INSERT INTO orders VALUES (1, '')")
    filling = "INSERT INTO orders SELECT value, hex(randomblob(2000)) FROM generate_series(1, 500)"
    filling = filling.replace(
        "generate_series(1, 500)", "json_each('[' || substr(replace(hex(zeroblob(500)),'00',',1'),2) || ']')"
    )
    write_and_die(path, "PRAGMA cache_size = 1", "BEGIN", filling)
    assert "a transaction in it was cut off" in refusal(path, allow_existing=True)


# --- refused: a copy of the kit's --------------------------------------------------------------------


def copied_file(ours: Path, copy: Path) -> None:
    shutil.copy2(ours, copy)


def vacuumed(ours: Path, copy: Path) -> None:
    write(ours, f"VACUUM INTO '{copy}'")


def backed_up(ours: Path, copy: Path) -> None:
    with contextlib.closing(sqlite3.connect(ours)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def renamed(ours: Path, copy: Path) -> None:
    ours.rename(copy)


@pytest.mark.parametrize("allow_existing", [False, True])
@pytest.mark.parametrize("copying", [copied_file, vacuumed, backed_up, renamed])
def test_a_copy_is_refused(
    ours: Path, tmp_path: Path, copying: Callable[[Path, Path], None], allow_existing: bool
) -> None:
    copy = tmp_path / "copy.db"
    copying(ours, copy)
    found = refusal(copy, allow_existing=allow_existing)
    assert f"it is a copy of a test database: its marker was written for {ours} (device " in found
    assert f"and this is {copy} (device " in found


def test_a_copy_in_the_place_of_the_original_is_refused(ours: Path, tmp_path: Path) -> None:
    shutil.copy2(ours, copy := tmp_path / "copy.db")
    copy.replace(ours)
    assert "it is a copy of a test database" in refusal(ours)


def test_a_copy_that_got_the_inode_of_the_original_is_refused(ours: Path, tmp_path: Path) -> None:
    """As ``rm`` and ``cp`` do it: most file systems give the number that has just become free."""
    copy = tmp_path / "copy.db"
    for attempt in range(20):
        shutil.copy2(ours, copy)
        inode = ours.stat().st_ino
        ours.unlink()
        shutil.copy2(copy, ours)
        write(ours, f"INSERT INTO orders VALUES ({attempt + 2})")
        assert "it is a copy of a test database" in refusal(ours)
        assert "it is a copy of a test database" in refusal(ours, allow_existing=True)
        if ours.stat().st_ino == inode and birth_of(ours) is not None:
            return
    pytest.skip("this file system does not give inodes again, or tells no birth")


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Linux asks statx")
def test_the_birth_is_the_one_that_stat_shows(ours: Path) -> None:
    shown = subprocess.run(["stat", "-c", "%W %w", str(ours)], capture_output=True, text=True, check=True).stdout
    seconds, _, text = shown.partition(" ")
    birth = birth_of(ours)
    if seconds in ("0", "?"):
        assert birth is None
    else:
        assert birth is not None
        assert birth.partition(".")[0] == seconds
        assert birth.partition(".")[2] in text


def test_where_the_system_does_not_tell_the_birth_is_not_known(tmp_path: Path) -> None:
    assert birth._by_statx(tmp_path / "missing") is None
    with pytest.raises(FileNotFoundError):
        birth_of(tmp_path / "missing")


def test_an_empty_copy_is_refused_too(tmp_path: Path) -> None:
    claim(tmp_path / "ours.db")
    shutil.copy2(tmp_path / "ours.db", tmp_path / "copy.db")
    assert "it is a copy" in refusal(tmp_path / "copy.db", allow_existing=True)


def test_a_file_with_a_hard_link_is_refused(ours: Path, tmp_path: Path) -> None:
    os.link(ours, tmp_path / "precious.db")
    assert "it has a further name on the disk (a hard link)" in refusal(ours)
    assert "it has a further name on the disk (a hard link)" in refusal(tmp_path / "precious.db")


def test_a_restored_dump_is_refused(ours: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(ours)) as connection:
        dump = "\n".join(connection.iterdump())
    with contextlib.closing(sqlite3.connect(tmp_path / "restored.db")) as connection:
        connection.executescript(dump)
    assert "it is a copy of a test database" in refusal(tmp_path / "restored.db")
    with contextlib.closing(sqlite3.connect(ours, isolation_level=None)) as connection:  # the same file, emptied
        connection.execute("PRAGMA journal_mode = DELETE")
    os.truncate(ours, 0)
    with contextlib.closing(sqlite3.connect(ours)) as connection:
        connection.executescript(dump)
    assert "its header (PRAGMA application_id) is not the kit's: it was restored from a dump" in refusal(ours)


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM {MARKER_TABLE}",
        f"INSERT INTO {MARKER_TABLE} SELECT * FROM {MARKER_TABLE}",
        f"ALTER TABLE {MARKER_TABLE} RENAME COLUMN identity TO name",
    ],
)
def test_a_marker_that_the_kit_did_not_write_is_refused(ours: Path, statement: str) -> None:
    write(ours, statement)
    assert f"what is named {MARKER_TABLE} in it is not as the kit writes it" in refusal(ours)


def test_a_database_that_lost_its_marker_is_nobodys(ours: Path) -> None:
    write(ours, f"DROP TABLE {MARKER_TABLE}")
    assert "it has tables (orders)" in refusal(ours)
