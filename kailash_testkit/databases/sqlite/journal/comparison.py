"""What the journal does not tell: rows compared with the image, where somebody may have written past SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from kailash_testkit.databases.sqlite.journal.fingerprint import same_rows
from kailash_testkit.databases.sqlite.journal.image import Image
from kailash_testkit.databases.sqlite.journal.triggers import IMAGE, LIVE


def suspects(image: Image, *, changed: bool, blobs_opened: bool) -> Iterable[str]:
    """The tables to look for what was written past the triggers in.

    changed: something was recorded. blobs_opened: somebody opened a value, of any table, to be written in place.
    """
    return image.with_blobs if changed and not blobs_opened else image.recorded


def has_all(image: Image, *, since: int, blobs_opened: bool) -> bool:
    """Whether the image, that followed the journal since a position, has what was written past the triggers."""
    with image.connection.transaction("DEFERRED") as cursor:
        suspected = suspects(image, changed=image.position != since, blobs_opened=blobs_opened)
        return same_rows(cursor, suspected, IMAGE, LIVE)


def is_overwritten(image: Image, path: Path) -> bool:
    """Whether the file holds something else than the image, read past all that connections keep in memory."""
    image.detach()
    image.attach(str(path))
    try:
        with image.connection.transaction("DEFERRED") as cursor:
            sound = cursor.execute(f"PRAGMA {LIVE}.integrity_check").fetchall() == [("ok",)]
            return not (sound and same_rows(cursor, image.recorded, IMAGE, LIVE))
    except sqlite3.DatabaseError:
        return True
