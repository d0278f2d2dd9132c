"""Attacks on a SQLite database's files."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
from attack import Attack, named, undone
from sqlite_attacks_on_schema import WRITE
from sqlite_target import SqliteTarget

SIDES = ("-wal", "-shm", "-journal")


def empty_log(target: SqliteTarget) -> None:
    """Writes what is in the log into the file, so that the file counts."""
    ((is_read, *_),) = target.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not is_read, "something that an earlier attack left reads the log still"


def delete(target: SqliteTarget) -> None:
    """As a reset that removes the file, with what lies beside it."""
    target.path.unlink()
    remove_sides(target)


def remove_sides(target: SqliteTarget) -> None:
    for suffix in SIDES:
        Path(f"{target.path}{suffix}").unlink(missing_ok=True)


def delete_and_make_tables(target: SqliteTarget) -> None:
    delete(target)
    target.db.create_tables_sync()
    target.sql(WRITE)


def delete_only_the_file(target: SqliteTarget) -> None:
    target.path.unlink()


def replace(target: SqliteTarget) -> None:
    other = target.folder / "other.db"
    empty_log(target)  # or SQLite would find all in the log that is left
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE of_another_database (v)")
    os.replace(other, target.path)


def changed_copy(target: SqliteTarget) -> Path:
    """A copy of the file, with fewer rows."""
    copy = target.folder / "copy.db"
    with closing(target.connect()) as connection, closing(sqlite3.connect(copy)) as saved:
        connection.backup(saved)
        saved.execute("DELETE FROM customers")
        saved.commit()
    return copy


def replace_by_own_copy(target: SqliteTarget) -> None:
    """As a suite that restores its own saved file."""
    copy = changed_copy(target)
    remove_sides(target)
    os.replace(copy, target.path)


def copy_over(target: SqliteTarget) -> None:
    """The same, but into the file that is there."""
    copy = changed_copy(target)
    shutil.copyfile(copy, target.path)
    copy.unlink()
    remove_sides(target)


def copy_over_what_is_checkpointed(target: SqliteTarget) -> None:
    """The file alone is overwritten, under a log that is empty."""
    copy = target.folder / "copy.db"
    empty_log(target)
    with closing(target.connect()) as connection, closing(sqlite3.connect(copy)) as saved:
        connection.backup(saved)
        saved.execute("DELETE FROM customers")
        saved.commit()
    shutil.copyfile(copy, target.path)
    copy.unlink()


def truncate(target: SqliteTarget) -> None:
    os.truncate(target.path, 0)
    remove_sides(target)


def truncate_half(target: SqliteTarget) -> None:
    empty_log(target)
    os.truncate(target.path, 8192)


def empty_by_opening(target: SqliteTarget) -> None:
    target.path.write_bytes(b"")


def overwrite(target: SqliteTarget) -> None:
    empty_log(target)
    target.path.write_bytes(b"no database at all " * 1000)


def overwrite_one_page(target: SqliteTarget) -> None:
    """The first page of a table."""
    empty_log(target)
    ((page,),) = target.sql("SELECT rootpage FROM sqlite_master WHERE name = 'orders'")
    with target.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))


def rename(target: SqliteTarget) -> None:
    target.path.rename(target.path.with_name("attacked.db-renamed"))


def rename_and_back(target: SqliteTarget) -> None:
    target.path.rename(target.path.with_name("attacked.db-renamed"))
    target.path.with_name("attacked.db-renamed").rename(target.path)
    target.sql(WRITE)


def replace_by_a_link(target: SqliteTarget) -> None:
    moved = target.path.with_name("attacked.db-moved")
    empty_log(target)  # or the copy would lack what is in the log
    shutil.copyfile(target.path, moved)
    delete(target)
    target.path.symlink_to(moved)
    target.sql(WRITE)


def replace_by_a_folder(target: SqliteTarget) -> None:
    delete(target)
    target.path.mkdir()


def remove_the_log(target: SqliteTarget) -> None:
    target.sql(WRITE)
    Path(f"{target.path}-wal").unlink()


def remove_the_index_of_the_log(target: SqliteTarget) -> None:
    target.sql(WRITE)
    Path(f"{target.path}-shm").unlink()


def truncate_the_log(target: SqliteTarget) -> None:
    target.sql(WRITE)
    os.truncate(f"{target.path}-wal", 0)


def overwrite_in(suffix: str) -> Any:
    """The beginning of a file beside the database."""

    def run(target: SqliteTarget) -> None:
        target.sql(WRITE)
        with open(f"{target.path}{suffix}", "r+b") as file:
            file.write(b"\0" * 64)

    return run


def remove_the_folder(target: SqliteTarget) -> None:
    shutil.rmtree(target.folder)


def make_read_only(target: SqliteTarget) -> None:
    target.sql(WRITE)
    target.path.chmod(0o444)


def make_unreadable(target: SqliteTarget) -> None:
    target.sql(WRITE)
    target.path.chmod(0)


def backup_over(target: SqliteTarget) -> None:
    with closing(sqlite3.connect(":memory:")) as other, closing(target.connect()) as connection:
        other.execute("CREATE TABLE of_another_database (v)")
        other.backup(connection)


def restore_a_dump(target: SqliteTarget) -> None:
    with closing(sqlite3.connect(":memory:")) as source:
        source.executescript("CREATE TABLE dumped (v); INSERT INTO dumped VALUES (1)")
        text = "\n".join(source.iterdump())
    with closing(target.connect()) as connection:
        connection.executescript(text)


def deserialize(target: SqliteTarget) -> None:
    """A copy in memory: the database itself is not written."""
    with closing(target.connect()) as connection, closing(sqlite3.connect(":memory:")) as memory:
        memory.deserialize(connection.serialize())
    target.sql(WRITE)


def delete_under_a_connection(target: SqliteTarget) -> None:
    connection = target.hold(target.connect())
    connection.execute("SELECT count(*) FROM customers").fetchall()
    delete(target)


def attaching(*statements: str) -> Any:
    """Statements on a connection that attached another file, which was there before."""

    def run(target: SqliteTarget) -> None:
        with closing(target.connect()) as connection:
            connection.execute("ATTACH ? AS aside", (other_file(target),))
            for statement in (*statements, "DETACH aside", "DELETE FROM orders"):
                connection.execute(statement)

    return run


def attaching_in_a_script(target: SqliteTarget) -> None:
    with closing(target.connect()) as connection:
        connection.executescript(
            f"ATTACH DATABASE '{other_file(target)}' AS aside; INSERT INTO aside.kept VALUES (3); DETACH aside; {WRITE}"
        )


def attaching_by_aiosqlite(target: SqliteTarget) -> None:
    path = other_file(target)

    async def write() -> None:
        async with aiosqlite.connect(target.path) as connection:
            await connection.execute("ATTACH ? AS aside", (path,))
            await connection.execute("INSERT INTO aside.kept VALUES (4)")
            await connection.commit()
            await connection.execute("DELETE FROM orders")
            await connection.commit()

    asyncio.run(write())


def attaching_what_is_not_there(target: SqliteTarget) -> None:
    path = f"{target.path}-fresh"
    target.held.callback(os.unlink, path)
    with closing(target.connect()) as connection:
        connection.execute("ATTACH ? AS aside", (path,))
        connection.execute("CREATE TABLE aside.kept (v)")
    target.sql(WRITE)


def other_file(target: SqliteTarget) -> str:
    """A file that is not the test's own: its folder is older, whatever an attack did to that of the target."""
    path = f"{target.folder}-other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (v)")
    return path


ATTACHED = "attached to the test database, was changed"

ATTACKS: tuple[Attack, ...] = (
    named("an attached file is written", attaching("INSERT INTO aside.kept VALUES (2)"), says=ATTACHED),
    named("a table is made in an attached file", attaching("CREATE TABLE aside.fresh (v)"), says=ATTACHED),
    named(
        "an attached file is written with a log",
        attaching("PRAGMA aside.journal_mode = WAL", "INSERT INTO aside.kept VALUES (2)"),
        says=ATTACHED,
    ),
    named("an attached file is written by a script that lets go of it", attaching_in_a_script, says=ATTACHED),
    named("an attached file is written by aiosqlite", attaching_by_aiosqlite, says=ATTACHED),
    named("a file is made by attaching it", attaching_what_is_not_there, says=ATTACHED),
    undone("an attached file is read", attaching("SELECT * FROM aside.kept")),
    undone("the file is deleted", delete),
    undone("the file is deleted, and DataFlow's tables are made in a new one", delete_and_make_tables),
    undone("the file is deleted, its log stays", delete_only_the_file),
    undone("the file is deleted after changes", WRITE, delete),
    named("the file is deleted under a connection that stays", delete_under_a_connection, says="deleted or replaced"),
    undone("the file is replaced by another database", replace),
    undone("the file is replaced by a copy of its own", replace_by_own_copy),
    undone("a copy is written over the file", copy_over),
    undone("a copy is written over the file under an empty log", copy_over_what_is_checkpointed),
    undone("the file is truncated", truncate),
    undone("the file is truncated by half", truncate_half),
    undone("the file is emptied, its log stays", empty_by_opening),
    undone("the file is overwritten", overwrite),
    undone("a page is overwritten", overwrite_one_page),
    undone("the file is renamed", rename),
    undone("the file is renamed and renamed back", rename_and_back),
    undone("the file is replaced by a link", replace_by_a_link),
    undone("the file is replaced by a folder", replace_by_a_folder),
    undone("the log is removed", remove_the_log),
    undone("the log's index is removed", remove_the_index_of_the_log),
    undone("the log is truncated", truncate_the_log),
    undone("the log is overwritten", overwrite_in("-wal")),
    undone("the log's index is overwritten", overwrite_in("-shm")),
    undone("the folder is removed", remove_the_folder),
    undone("the file is made read-only", make_read_only),
    undone("the file is made unreadable", make_unreadable),
    undone("another database is copied over it by the backup API", backup_over),
    undone("a dump is restored into it", restore_a_dump),
    undone("it is serialised and read into memory", deserialize),
)
