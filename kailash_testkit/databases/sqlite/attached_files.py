"""The files that were attached to a database under test: whether they were changed, which nobody undoes.

They are looked at from outside, and never opened: when this process closes a file, the system lets go of all locks that
the process has on it, also SQLite's.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.sqlite.birth import birth_of

_SIDES: Final = ("", "-wal", "-journal")
_TICK: Final = 0.02  # seconds in which a file may be written twice and show the same time


class _Look(NamedTuple):
    """A file as it looks."""

    size: int
    written: int


class _Looks(NamedTuple):
    """A database as its files look."""

    file: _Look | None
    log: _Look | None
    rollback: _Look | None

    def same_content(self, now: _Looks) -> bool:
        """Whether nothing was written; with a log, what was in it may have been copied into the file."""
        if self.log is not None:
            return now.log in (None, self.log)
        return self == now


class AttachedFiles:
    """Those that were ever attached, and how they looked last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Looks] = {}

    def add(self, paths: Iterable[str]) -> None:
        """Files are attached, or are about to be, and not written to yet."""
        for path in paths:
            with self._lock:
                if path not in self._known:
                    self._known[path] = _look(path)

    def changed(self, since: float) -> list[str]:
        """The files that were changed since the last call, or since they were attached, and that others may find.

        Not one that is gone, or that was made since, in a folder that was made since: it is the test's own. since: a
        time of `clocks.now`.
        """
        if not self._known:
            return []
        with self._lock:
            looked = {path: _look(path) for path in self._known}
            found = [path for path, before in self._known.items() if not before.same_content(looked[path])]
            self._known = looked
        return [path for path in found if os.path.exists(path) and not _is_younger_than(clocks.now() - since, path)]


def _is_younger_than(age: float, path: str) -> bool:
    """Whether a file and its folder were made in the last so many seconds."""
    earliest = _present() - age - _TICK
    return all(_made_at(each) > earliest for each in (Path(path), Path(path).parent))


def _made_at(path: Path) -> float:
    """In seconds since 1970; 0 where the file system does not tell."""
    with contextlib.suppress(OSError):
        return float(birth_of(path) or 0)
    return 0.0


def _look(path: str) -> _Looks:
    """What is written next shows another time."""
    looks = _Looks(*(_look_at(f"{path}{suffix}") for suffix in _SIDES))
    last = max((look.written for look in looks if look is not None), default=0)
    if last and abs(_present() - last / 1e9) < _TICK:
        time.sleep(_TICK)
    return looks


def _look_at(path: str) -> _Look | None:
    """None for what is not there, or empty: a log is made for whoever only reads."""
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return _Look(found.st_size, found.st_mtime_ns) if found.st_size else None
    return None


def _present() -> float:
    """The time that a file system writes down, which no test can freeze or move."""
    with tempfile.TemporaryFile() as file:
        return os.fstat(file.fileno()).st_ctime
