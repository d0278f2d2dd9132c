"""The proof that a SQLite file is the kit's: a marker in it that names this very file, and nothing that contradicts.

The marker is a table, so that it survives what DataFlow does to the file; it holds the file's path, device, inode
and, where the file system tells it, the moment in which it was made. A copy or a renamed file, which brings the marker
along, is therefore not taken for the original, also where it got the original's place and inode. The number in the
file's header says the same once more, and stays behind where a dump is restored.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from kailash_testkit.databases.claiming import copied, maker, require_no_rows, require_no_tables, unsafe
from kailash_testkit.databases.sqlite.birth import birth_of
from kailash_testkit.databases.sqlite.connection import Connection, side_files
from kailash_testkit.databases.sqlite.naming import MARKER_TABLE, quoted
from kailash_testkit.internals.dataflow_tables import own_tables
from kailash_testkit.text import comma_join

APPLICATION_ID: Final = 0x4B544B31
"""``PRAGMA application_id`` of a database that the kit made: the letters KTK1."""

_NEW_FILE: Final = "use a new file; delete this one only if you need nothing in it"
_NAMED: Final = 5  # objects in a message


def identity_of(path: Path) -> str:
    """What tells the file from its copies, and from what it was before it was renamed."""
    resolved = path.resolve()
    found = resolved.stat()
    name = os.fsencode(resolved).decode("utf-8", "backslashreplace")
    birth = birth_of(resolved)  # an inode is given again, often to the very file that replaces the old one
    born = f", made at {birth}" if birth is not None else ""
    return f"{name} (device {found.st_dev}, inode {found.st_ino}{born})"


def is_empty_file(path: Path) -> bool:
    """Whether there is no file yet, or one without a byte.

    Raises `UnsafeDatabase` when a file that is gone left changes beside it: SQLite would delete them.
    """
    if path.exists() and path.stat().st_size:
        return False
    for leftover in side_files(path):
        if leftover.stat().st_size:
            raise unsafe(
                str(path),
                f"{leftover} holds changes of a database that is gone, and SQLite deletes it with the first write",
                "use another file; delete that one only if you need nothing in it",
            )
    return True


def require_ours_or_new(path: Path, *, allow_existing: bool) -> bool:
    """Whether the file is proved to be the kit's; False when it is new, or may be taken.

    Changes nothing, not a byte, in the file. Raises `UnsafeDatabase`.
    """
    if is_empty_file(path):
        _require_one_name(path)
        return False
    with closing(Connection.open_to_look(path)) as looking:
        _require_one_name(path)
        if _marked(looking, path):
            return True
        if not allow_existing:
            _require_nothing_made(looking, path)
        require_no_rows(str(path), _tables(looking), lambda table: _has_rows(looking, table))
        return False


def mark_as_owned(connection: Connection) -> None:
    """Writes the marker, in place of another one."""
    with connection.transaction("IMMEDIATE") as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {MARKER_TABLE} (identity TEXT, made_by TEXT, made_at TEXT)")
        cursor.execute(f"DELETE FROM {MARKER_TABLE}")
        cursor.execute(
            f"INSERT INTO {MARKER_TABLE} VALUES (?, ?, datetime('now'))", (identity_of(Path(connection.path)), maker())
        )
        cursor.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _require_one_name(path: Path) -> None:
    if path.exists() and path.stat().st_nlink > 1:
        raise unsafe(
            str(path), "it has a further name on the disk (a hard link), and what is there would change too", _NEW_FILE
        )


def _marked(looking: Connection, path: Path) -> bool:
    """Whether the file carries the marker. Raises `UnsafeDatabase` for one that is not of this file."""
    if not looking.run("SELECT 1 FROM sqlite_master WHERE lower(name) = ?", (MARKER_TABLE,)):
        return False
    try:
        found = looking.run(f"SELECT identity FROM {MARKER_TABLE}")
    except sqlite3.OperationalError:  # something else of that name
        found = []
    if len(found) != 1:
        raise unsafe(str(path), f"what is named {MARKER_TABLE} in it is not as the kit writes it", _NEW_FILE)
    recorded, identity = str(found[0][0]), identity_of(path)
    if recorded != identity:
        raise copied(str(path), recorded, identity, _NEW_FILE)
    if looking.number("PRAGMA application_id") != APPLICATION_ID:
        raise unsafe(
            str(path),
            "it has the kit's marker, but its header (PRAGMA application_id) is not the kit's: it was restored from a "
            "dump, or is used by another program",
            _NEW_FILE,
        )
    return True


def _require_nothing_made(looking: Connection, path: Path) -> None:
    """Raises `UnsafeDatabase` when somebody made anything in the file; DataFlow's own tables do not count."""
    require_no_tables(str(path), _tables(looking))
    made = [
        f"the {kind} {name}"
        for kind, name in looking.run(
            "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY 2"
        )
    ][:_NAMED]
    numbers = {name: looking.number(f"PRAGMA {name}") for name in ("user_version", "application_id")}
    made += [f"the {name} {number}" for name, number in numbers.items() if number]
    if made:
        raise unsafe(
            str(path),
            f"it has {comma_join(made)}, which the kit did not make",
            "use a new file, or pass allow_existing=True for a database without rows",
        )


def _tables(looking: Connection) -> list[str]:
    names = [str(name) for (name,) in looking.run("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return [name for name in names if name.lower() not in own_tables() and not name.lower().startswith("sqlite_")]


def _has_rows(looking: Connection, table: str) -> int:
    try:
        return looking.number(f"SELECT EXISTS (SELECT 1 FROM {quoted(table)})")
    except sqlite3.OperationalError:  # a virtual table of a module that is not loaded: it may have
        return 1
