"""What a database must be like before the kit takes it: checks and their words, the same for every kind."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Callable, Sequence

from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.text import comma_join

_NAMED = 5  # tables in a message


def require_marker(name: str, recorded: str | None, identity: str, *, allow_existing: bool) -> bool:
    """Whether the database on a server carries the kit's marker; False when it has none and need not.

    recorded: the identity that the marker was written for, None where there is no marker. Raises
    `UnsafeDatabase` for a marker of another database: it came with a copy, and the copy is not the kit's.
    """
    if recorded == identity:
        return True
    if recorded is not None:
        raise copied(
            name,
            recorded,
            identity,
            "let the kit make its database (--testkit-database), or drop the schema or table that holds the marker",
        )
    if not allow_existing:
        raise unsafe(
            name,
            "it does not carry the kit's marker, so the kit did not make it",
            "let the kit make its database (--testkit-database), or pass allow_existing=True for an empty one",
        )
    return False


def require_no_rows(name: str, tables: Sequence[str], count: Callable[[str], int]) -> None:
    """Raises `UnsafeDatabase` when one of the tables has rows."""
    filled = [table for table in tables if count(table)]
    if filled:
        raise unsafe(name, f"it has rows in {comma_join(filled[:_NAMED])}", "use an empty database")


def require_no_tables(name: str, tables: Sequence[str]) -> None:
    """Raises `UnsafeDatabase` when there are tables."""
    if tables:
        raise unsafe(
            name,
            f"it has tables ({comma_join(tables[:_NAMED])}) that the kit did not make",
            "use a new file, or pass allow_existing=True for a database without rows",
        )


def copied(name: str, recorded: str, identity: str, do: str) -> UnsafeDatabase:
    """The refusal of a database whose marker was written for another one."""
    return unsafe(
        name, f"it is a copy of a test database: its marker was written for {recorded}, and this is {identity}", do
    )


def unsafe(name: str, why: str, do: str) -> UnsafeDatabase:
    """The refusal of a database."""
    return UnsafeDatabase(f"{name} is not a database that the kit may change", why=why, do=do)


def maker() -> str:
    """Who writes a marker: ``ada@machine, process 4711``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = f"user {os.getuid()}"
    return f"{user}@{platform.node()}, process {os.getpid()}"
