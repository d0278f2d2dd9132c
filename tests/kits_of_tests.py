"""Kits that tests share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from database_kinds import KINDS, Kind
from sample_app import make_db

from kailash_testkit.kit import Kit


class OpenKits:
    """One open kit per kind of database: opening one for each test would cost more than most tests.

    register: registers the models with a DataFlow on a database of a kind.
    """

    def __init__(self, folder: Path, register: Callable[[Any, Kind], None]) -> None:
        self._folder = folder
        self._register = register
        self._kits: dict[str, Kit] = {}
        self._stack = contextlib.ExitStack()

    def on(self, kind: Kind) -> Kit:
        if kind.name not in self._kits:
            url = kind.new_url(self._folder, "shop")
            self._stack.callback(kind.drop, url)
            db = make_db(url, **kind.options)
            self._stack.callback(db.close)
            self._register(db, kind)
            self._kits[kind.name] = self._stack.enter_context(contextlib.closing(Kit(db).open()))
        return self._kits[kind.name]

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def kit_on_sqlite(folder: Path, register: Callable[[Any], None]) -> Iterator[Kit]:
    """An open kit on a file of its own. register: registers the models."""
    with contextlib.closing(OpenKits(folder, lambda db, _: register(db))) as kits:
        yield kits.on(KINDS["sqlite"])
