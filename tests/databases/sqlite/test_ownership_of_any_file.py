"""Whatever a SQLite file holds and wherever it came from: the kit takes no file that it did not make.

Files are made of pieces at random; what each piece means is known here, so the expectation owes nothing to the kit.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import event, given
from hypothesis import strategies as st
from soak import examples

from kailash_testkit.databases.sqlite.database import Database
from kailash_testkit.databases.sqlite.naming import JOURNAL_TABLE, MARKER_TABLE
from kailash_testkit.databases.sqlite.ownership import APPLICATION_ID
from kailash_testkit.errors import UnsafeDatabase

TABLES = (
    *("orders", "dataflow_jobs", "Dataflow_Migrations_2", "_dataflow_migrations", "dataflow_", "sqlitedata"),
    *("dataflow_testkit_notes", "dataflow_testkit_marker_old", JOURNAL_TABLE),
)
OWN_TABLES = ("dataflow_migrations", "dataflow_model_registry", "DATAFLOW_MIGRATION_HISTORY")
MARKER = f"CREATE TABLE {MARKER_TABLE} (identity TEXT, made_by TEXT, made_at TEXT)"


@dataclass(frozen=True)
class Piece:
    """Something done to a file. made: whether that is somebody's work. filled: whether it is a row of somebody's."""

    statements: tuple[str, ...]
    made: bool = False
    filled: bool = False
    refused: bool = False


pieces = st.one_of(
    st.sampled_from(TABLES).map(lambda name: Piece((f"CREATE TABLE IF NOT EXISTS {name} (id)",), made=True)),
    st.sampled_from(TABLES).map(
        lambda name: Piece(
            (f"CREATE TABLE IF NOT EXISTS {name} (id)", f"INSERT INTO {name} (rowid) VALUES (NULL)"),
            made=True,
            filled=True,
        )
    ),
    st.sampled_from(OWN_TABLES).map(
        lambda name: Piece((f"CREATE TABLE IF NOT EXISTS {name} (id)", f"INSERT INTO {name} (rowid) VALUES (NULL)"))
    ),
    st.sampled_from(("v", "dataflow_migrations_v")).map(
        lambda name: Piece((f"CREATE VIEW IF NOT EXISTS {name} AS SELECT 1",), made=True)
    ),
    st.sampled_from(("user_version", "application_id")).flatmap(
        lambda name: st.sampled_from((1, 252006674)).map(
            lambda number: Piece((f"PRAGMA {name} = {number}",), made=True)
        )
    ),
    st.just(Piece((f"PRAGMA application_id = {APPLICATION_ID}",), made=True)),
    st.just(Piece(("PRAGMA journal_mode = WAL",))),
    st.sampled_from(("", "/tmp/shop.db (device 1, inode 2)", "kt0a1b2c3d4e", "KTK1")).map(
        lambda identity: Piece(
            (
                f"DROP TABLE IF EXISTS {MARKER_TABLE}",
                MARKER,
                f"INSERT INTO {MARKER_TABLE} VALUES ('{identity}', 'ada@machine, process 1', datetime('now'))",
            ),
            refused=True,
        )
    ),
    st.just(Piece((f"DROP TABLE IF EXISTS {MARKER_TABLE}", f"CREATE TABLE {MARKER_TABLE} (n)"), refused=True)),
)
origins = st.sampled_from(
    (*["new"] * 6, "the kit's", "copy", "renamed", "hard link", "symbolic link", "dump", "replaced")
)
names = st.sampled_from(("test.db", "shop_kt0a1b2c3d4e_gw1.db", "testkit", "kt0a1b2c3d4e.sqlite3", "a b.db", "ü.db"))


def put(origin: str, folder: Path, name: str) -> Path:
    """A file of that origin; all but a new one go back to one that the kit made."""
    path = folder / name
    if origin == "new":
        return path
    first = path if origin in ("the kit's", "replaced") else folder / "made.db"
    claimed(first)
    if origin == "copy":
        shutil.copy2(first, path)
    elif origin == "renamed":
        first.rename(path)
    elif origin == "hard link":
        os.link(first, path)
    elif origin == "symbolic link":
        path.symlink_to(first)
    elif origin == "dump":
        with contextlib.closing(sqlite3.connect(first)) as connection:
            dump = "\n".join(connection.iterdump())
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(dump)
    elif origin == "replaced":
        shutil.copy2(path, folder / "copy.db")
        (folder / "copy.db").replace(path)
    return path


def claimed(path: Path, *, allow_existing: bool = False) -> bool:
    database = Database(f"sqlite:///{path}")
    try:
        database.claim(allow_existing=allow_existing)
    except UnsafeDatabase:
        return False
    finally:
        database.close()
    return True


def may_be_taken(origin: str, done: list[Piece], *, allow_existing: bool) -> bool:
    if origin == "new":
        if any(piece.refused for piece in done) or any(piece.filled for piece in done):
            return False
        return allow_existing or not any(piece.made for piece in done)
    if origin not in ("the kit's", "symbolic link"):
        return False
    numbers = [piece for piece in done if piece.statements[0].startswith("PRAGMA application_id")]
    header = not numbers or numbers[-1].statements[0].endswith(str(APPLICATION_ID))
    return header and not any(piece.refused for piece in done)


def state(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.iterdir() if not each.name.endswith("-shm")}


@examples(60)
@given(origin=origins, name=names, done=st.lists(pieces, max_size=5), allow_existing=st.booleans())
def test_no_file_is_taken_or_changed_that_the_kit_did_not_make(
    origin: str, name: str, done: list[Piece], allow_existing: bool
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        path = put(origin, folder, name)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            for piece in done:
                for statement in piece.statements:
                    somebody.execute(statement)
        before = state(folder)
        taken = claimed(path, allow_existing=allow_existing)
        event("taken" if taken else "refused")
        assert taken == may_be_taken(origin, done, allow_existing=allow_existing)
        assert taken or state(folder) == before
