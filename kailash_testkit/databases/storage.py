"""Private folders for a run's database files, and the removal of those that a killed run left.

Each run holds a lock on its folder for as long as its process lives; a folder whose lock is free
belongs to a run that ended without cleaning up.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

_MEMORY_BACKED: Final = Path("/dev/shm")
_ROOM_NEEDED: Final = 64 * 1024 * 1024  # bytes; with less, memory is too dear for test files
_NAMING_TIME: Final = 60.0  # seconds; it takes less than a millisecond
_LOCK_NAME: Final = "in-use.lock"


class RunFolder:
    """A folder of this run's own, in memory-backed storage where there is room.

    Its path is known at once, so that URLs can name files in it; the folder appears with `create`.
    """

    def __init__(self) -> None:
        self._root = storage_root()
        self.path = self._root / f"run-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: FileLock | None = None

    def create(self) -> None:
        """Makes the folder, and removes those of runs that were killed. Idempotent."""
        if self._lock is None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_orphans(self._root)
            self._lock = self._claimed()

    def _claimed(self) -> FileLock:
        """The folder's lock. It is held before the folder gets its name, so that no other run sees it free."""
        if self.path.exists():  # DataFlow makes missing folders of a URL
            lock = FileLock(self.path / _LOCK_NAME)
            lock.acquire(timeout=1)
            return lock
        unnamed = self._root / f"new-{self.path.name}"
        unnamed.mkdir(mode=0o700)
        lock = FileLock(unnamed / _LOCK_NAME)
        lock.acquire(timeout=1)
        unnamed.rename(self.path)
        return lock

    def remove(self) -> None:
        """Deletes the folder and all in it. Idempotent."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        shutil.rmtree(self.path, ignore_errors=True)


def storage_root() -> Path:
    """Where run folders live: memory-backed where the system has such storage with room."""
    name = f"kailash-testkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    if os.access(_MEMORY_BACKED, os.W_OK) and shutil.disk_usage(_MEMORY_BACKED).free > _ROOM_NEEDED:
        return _MEMORY_BACKED / name
    return Path(tempfile.gettempdir()) / name


def remove_orphans(root: Path) -> list[Path]:
    """Removes the folders of runs that are no longer alive, and returns them."""
    removed: list[Path] = []
    for folder in [*root.glob("run-*"), *filter(_is_old, root.glob("new-run-*"))]:
        lock = FileLock(folder / _LOCK_NAME)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue  # a living run's, or removed by another run in this moment
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(folder)
    return removed


def _is_old(folder: Path) -> bool:
    """Whether a folder that never got its name is left from a run that was killed at that moment."""
    try:
        return time.time() - folder.stat().st_mtime > _NAMING_TIME
    except OSError:  # it has its name now
        return False
