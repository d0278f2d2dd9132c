"""Private folders for a run's files and its server, and the removal of those that a killed run left.

Each process of a run holds a lock in its folder for as long as it lives; a folder whose locks are all free
belongs to a run that ended without cleaning up, or to one that kept something.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from kailash_testkit.databases.naming import new_run

_MEMORY_BACKED: Final = Path("/dev/shm")
_ROOM_NEEDED: Final = 256 * 1024 * 1024  # bytes; with less, memory is too dear for test files and servers
_NAMING_TIME: Final = 60.0  # seconds; it takes less than a millisecond
_LOCKS: Final = "in-use-*.lock"
_KEPT: Final = "kept"
_SERVER: Final = "server"


class RunFolder:
    """A folder of this run's own, in memory-backed storage where there is room.

    Its path is known at once, so that URLs can name files in it; the folder appears with `create`.

    path: the folder of a run that this process takes part in; by default a new run's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = storage_root() / f"session-{os.getpid()}-{new_run()}" if path is None else path
        self._lock: FileLock | None = None

    @property
    def run(self) -> str:
        """The run's name, which no other run has."""
        return self.path.name.rpartition("-")[2]

    def create(self) -> None:
        """Makes the folder, or takes part in it, and removes those of runs that were killed. Idempotent."""
        if self._lock is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_orphans(self.path.parent)
            self._lock = self._claimed()

    def _claimed(self) -> FileLock:
        """This process's lock. It is held before the folder gets its name, so that no other run sees it free."""
        own_lock = _LOCKS.replace("*", f"{os.getpid()}-{secrets.token_hex(2)}")
        if self.path.exists():  # another process's, or DataFlow's, which makes missing folders of a URL
            lock = FileLock(self.path / own_lock)
            lock.acquire(timeout=1)
            return lock
        unnamed = self.path.parent / f"new-{self.path.name}"
        unnamed.mkdir(mode=0o700)
        lock = FileLock(unnamed / own_lock)
        lock.acquire(timeout=1)
        unnamed.rename(self.path)
        return lock

    def keep(self, what: str) -> None:
        """The folder stays when the run ends. what: what is kept in it, and why."""
        self.create()
        with (self.path / _KEPT).open("a") as file:
            file.write(f"{what}\n")

    @property
    def kept(self) -> str | None:
        """What is kept in the folder; None when nothing is."""
        return kept_in(self.path)

    @property
    def server(self) -> Path:
        """The folder of the run's private server."""
        return self.path / _SERVER

    def leave(self) -> None:
        """This process is done; others of the run may go on. Idempotent."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def remove(self) -> None:
        """The run is done: deletes the folder and all in it, unless something is kept. Idempotent.

        As well as those of killed runs, whose last processes may have lived on for a moment.
        """
        took_part = self._lock is not None
        self.leave()
        if self.kept is None and self.path.exists():
            remove_folder(self.path)
        if took_part:
            remove_orphans(self.path.parent)


def storage_root() -> Path:
    """Where run folders live: memory-backed where the system has such storage with room."""
    name = f"kailash-testkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    if os.access(_MEMORY_BACKED, os.W_OK) and shutil.disk_usage(_MEMORY_BACKED).free > _ROOM_NEEDED:
        return _MEMORY_BACKED / name
    return _on_disk() / name


def _on_disk() -> Path:
    return Path(tempfile.gettempdir())


def storage_roots() -> list[Path]:
    """Every place where run folders may be, also of runs that found less or more room."""
    name = storage_root().name
    return [_MEMORY_BACKED / name, _on_disk() / name]


def kept_in(folder: Path) -> str | None:
    """What a run kept in its folder, and why; None when it kept nothing."""
    try:
        return (folder / _KEPT).read_text().strip()
    except FileNotFoundError:
        return None


def remove_orphans(root: Path) -> list[Path]:
    """Removes the folders of runs that are no longer alive and kept nothing, and returns them."""
    orphans = [folder for folder in unused_folders(root) if kept_in(folder) is None]
    for folder in orphans:
        remove_folder(folder)
    return orphans


def unused_folders(root: Path) -> Iterator[Path]:
    """The folders of runs that are no longer alive."""
    for folder in [*root.glob("session-*"), *filter(_is_old, root.glob("new-session-*"))]:
        if folder.is_dir() and not any(map(_is_held, folder.glob(_LOCKS))):
            yield folder


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True  # a living run's, or removed by another run in this moment
    lock.release()
    return False


def remove_folder(folder: Path) -> None:
    """Deletes a run's folder; first ends the server in it, whoever started that."""
    if (folder / _SERVER).exists():
        from kailash_testkit.databases.servers.processes import ProcessFolder

        if not ProcessFolder(folder / _SERVER).remove():
            return  # the next run tries again
    shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    """Whether a folder that never got its name is left from a run that was killed at that moment."""
    try:
        return time.time() - folder.stat().st_mtime > _NAMING_TIME
    except OSError:  # it has its name now
        return False
