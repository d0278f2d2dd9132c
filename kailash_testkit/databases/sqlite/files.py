"""The files of a SQLite database: whether they are still those that the kit's connections have open.

A connection keeps the file that it opened, also when another one takes its place: what others write then is in
another database. And what is written past SQLite, no connection notices.

No file is closed here while it is the database's: when a process closes one, the system lets go of all locks that the
process has on it, SQLite's too, and other processes write into what its transactions hold.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from kailash_testkit.errors import IsolationFailed

_SUFFIXES: Final = ("-wal", "-shm", "-journal")
# Of the write-ahead log's index: its header with the transactions, how far it was copied into the file, how far it
# was meant to be. https://www.sqlite.org/walformat.html
_INDEX_HEADER: Final = slice(0, 48)
_BACKFILLED: Final = slice(96, 100)
_BACKFILL_ATTEMPTED: Final = slice(128, 132)


class _File(NamedTuple):
    """A file as it is told from others. identity: device and inode."""

    identity: tuple[int, int]
    mode: int
    size: int
    written: int


class Files:
    """The database file and what SQLite keeps beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.fspath(path.resolve() if path.is_symlink() else path)
        self._log, self._index = (f"{path.resolve()}{suffix}" for suffix in ("-wal", "-shm"))
        self._reader = _Reader(self._index)
        self.remember()

    def remember(self) -> None:
        """The files are those that the kit's connections have open."""
        self._copied = self._checkpoints()
        self._known = _look(self._file), _look(self._log), _look(self._index)

    @property
    def are_untouched(self) -> bool:
        """Whether all are as they were, as one look at each tells; if not, `fault` and `is_written` say what it was."""
        file, log, index = self._known
        if file is None or log is None or index is None:
            return False
        found = _look(self._log)
        return (
            _look(self._file) == file
            and found is not None
            and found.identity == log.identity
            and found.size >= log.size
            and _identity(self._index) == index.identity
        )

    def fault(self) -> str | None:
        """What somebody did to the files, past SQLite; None when they are as they were. Puts back who may write."""
        file, log, index = self._known
        now = _look(self._file)
        if file is None or now is None or now.identity != file.identity:
            return "the database's file was deleted or replaced"
        if now.mode != file.mode:
            self.restore_mode()
        for known, path in ((log, self._log), (index, self._index)):
            found = _look(path) if known is not None else None
            if known is not None and (found is None or found.identity != known.identity):
                return f"{os.path.basename(path)} was deleted or replaced"
            if path == self._log and known and found and found.size < known.size and not self._has_copied:
                return f"{os.path.basename(path)} was truncated"
        if log is not None and now[2:] != file[2:] and not self._has_copied:
            return "the database's file was overwritten"
        return None

    @property
    def is_written(self) -> bool:
        """Whether the file itself was written: with a write-ahead log SQLite does so at checkpoints only."""
        file, log, _ = self._known
        now = _look(self._file)
        return log is not None and file is not None and now is not None and now[2:] != file[2:]

    def restore_mode(self) -> None:
        """Who may read and write is as it was."""
        if self._known[0] is not None:
            self.path.chmod(self._known[0].mode & 0o7777)

    @property
    def _has_copied(self) -> bool:
        return self._checkpoints() != self._copied

    def _checkpoints(self) -> tuple[bytes, ...]:
        """Differs after something was copied, or begun to be copied, from the log into the file."""
        head = self._reader.read(_BACKFILL_ATTEMPTED.stop)
        return (head[_INDEX_HEADER][32:40], head[_BACKFILLED], head[_BACKFILL_ATTEMPTED]) if head else ()

    def close(self) -> None:
        """To be called when the kit is done with the database."""
        self._reader.close()


class _Reader:
    """Reads the file that is at a path, and keeps it open for as long as it is there."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open: int | None = None

    def read(self, size: int) -> bytes:
        """The first bytes; none where there is no file."""
        try:
            found = os.stat(self._path)
            if self._open is None or not os.path.samestat(found, os.fstat(self._open)):
                self.close()
                self._open = os.open(self._path, os.O_RDONLY)
            return os.pread(self._open, size, 0)
        except OSError:
            return b""

    def close(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None


def remove(database: Path) -> None:
    """Makes place for a new file. Raises `IsolationFailed` when it cannot."""
    for path in (*(Path(f"{database}{suffix}") for suffix in _SUFFIXES), database):
        try:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise IsolationFailed(
                f"the test database {database} could not be made again",
                why=f"{path} cannot be removed: {error.strerror}",
                do="remove it, and leave the test database's files alone in tests",
            ) from None


def identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at a path from those that were there before; None where there is none."""
    return _identity(os.fspath(path))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _look(path: str) -> _File | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return _File((found.st_dev, found.st_ino), found.st_mode, found.st_size, found.st_mtime_ns)
