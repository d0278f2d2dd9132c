"""Private folders for a run's files and its server, and the removal of those that a killed run left.

Each process of a run holds a lock in its folder for as long as it lives; a folder whose locks are all free
belongs to a run that ended without cleaning up, or to one that kept something.

Run folders lie in a folder of the user's own. One that another user made beforehand, or can write in, is neither
used nor looked into: it is named in `refusals`, and another is made beside it. See `private_folders`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from kailash_testkit.databases.naming import new_run
from kailash_testkit.databases.private_folders import (
    append_private,
    make_private_folder,
    read_private,
    why_unsafe_place,
    why_untrusted,
)
from kailash_testkit.databases.refusals import Refusal
from kailash_testkit.errors import UnsafeDatabase

_MEMORY_BACKED: Final = Path("/dev/shm")
_ROOM_NEEDED: Final = 256 * 1024 * 1024  # bytes; with less, memory is too dear for test files and servers
_NAMING_TIME: Final = 60.0  # seconds; it takes less than a millisecond
_LOCKS: Final = "in-use-*.lock"
_RUNS: Final = "session-*"
_UNNAMED: Final = "new-"
_KEPT: Final = "kept"
_SERVER: Final = "server"


class RunFolder:
    """A folder of this run's own, in memory-backed storage where there is room.

    Its path is known before it is there, so that URLs can name files in it; the folder appears with `create`.

    path: the folder of a run that this process takes part in; by default a new run's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.run = new_run() if path is None else path.name.rpartition("-")[2]
        """The run's name, which no other run has."""
        self._lock: FileLock | None = None

    @property
    def path(self) -> Path:
        """Where it is. The first look makes the folder above it, the user's own: nobody else can take the name."""
        if self._path is None:
            self._path = storage_root() / f"session-{os.getpid()}-{self.run}"
        return self._path

    def create(self) -> None:
        """Makes the folder, or takes part in it, and removes those of runs that were killed. Idempotent.

        Raises `UnsafeDatabase` when another user could write in it.
        """
        if self._lock is None:
            with contextlib.suppress(FileExistsError):
                make_private_folder(self.path.parent)  # a run that made nothing may have removed it
            _require_trusted(self.path.parent)
            self._lock = self._claimed()  # first: an application that is imported may have made it, and a file in it
            remove_orphans(self.path.parent)

    def _claimed(self) -> FileLock:
        """This process's lock. It is held before the folder gets its name, so that no other run sees it free."""
        own_lock = _LOCKS.replace("*", f"{os.getpid()}-{secrets.token_hex(2)}")
        if os.path.lexists(self.path):  # another process's, or DataFlow's, which makes missing folders of a URL
            _require_trusted(self.path)
            lock = FileLock(self.path / own_lock)
            lock.acquire(timeout=1)
            return lock
        unnamed = self.path.parent / f"{_UNNAMED}{self.path.name}"
        make_private_folder(unnamed)
        lock = FileLock(unnamed / own_lock)
        lock.acquire(timeout=1)
        unnamed.rename(self.path)
        return lock

    def keep(self, what: str) -> None:
        """The folder stays when the run ends. what: what is kept in it, and why."""
        self.create()
        append_private(self.path / _KEPT, f"{what}\n")

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
        if self._path is None:  # nobody has looked for it
            return
        took_part = self._lock is not None
        self.leave()
        if os.path.lexists(self.path) and why_untrusted(self.path) is None and self.kept is None:
            remove_folder(self.path)
        if took_part:
            remove_orphans(self.path.parent)
        with contextlib.suppress(OSError):  # other runs are in it
            self.path.parent.rmdir()


def storage_root() -> Path:
    """The folder for run folders, which is made when there is none: memory-backed where there is room.

    Raises `UnsafeDatabase` when there is no place in which other users cannot replace it.
    """
    refused: list[str] = []
    for place in _places():
        why = _why_unusable(place)
        if why is None:
            return _trusted_in(place)
        refused.append(why)
    raise UnsafeDatabase(
        "there is no place for the files of the tests that is this user's alone",
        details=refused,
        do="set TMPDIR to a folder of your own, in which others may not write",
    )


def _trusted_in(place: Path) -> Path:
    for root in _roots_in(place):
        try:
            make_private_folder(root)
        except FileExistsError:
            if why_untrusted(root) is not None:
                continue  # `refusals` names it
        return root
    return Path(tempfile.mkdtemp(prefix=f"{_own_name()}-", dir=place))


def _places() -> list[Path]:
    """Where the folder may lie, the best first."""
    roomy = os.access(_MEMORY_BACKED, os.W_OK) and shutil.disk_usage(_MEMORY_BACKED).free > _ROOM_NEEDED
    memory, *others = _all_places()
    return [memory, *others] if roomy else others


def _all_places() -> list[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return [Path(os.path.realpath(place)) for place in (_MEMORY_BACKED, tempfile.gettempdir(), cache)]


def _why_unusable(place: Path) -> str | None:
    try:
        return why_unsafe_place(place)
    except OSError as error:
        return str(error)


def _roots_in(place: Path) -> list[Path]:
    """The usual folder, and those that were made beside it because that was not trusted."""
    return [place / _own_name(), *sorted(place.glob(f"{_own_name()}-*"))]


def _own_name() -> str:
    return f"kailash-testkit-{os.geteuid() if hasattr(os, 'geteuid') else 'user'}"


def storage_roots() -> list[Path]:
    """Every folder in which run folders of this user may be, also of runs that found less or more room."""
    return [root for root, why in _judged_roots() if why is None]


def _judged_roots() -> Iterator[tuple[Path, str | None]]:
    """The folders with the name of this user's, each once, and why it is not trusted."""
    roots = (root for place in dict.fromkeys(_all_places()) for root in _roots_in(place))
    for root in roots:
        if os.path.lexists(root):
            yield root, why_untrusted(root) or _why_unusable(root.parent)


def refusals() -> list[Refusal]:
    """The folders that look like the kit's and are not proved to be."""
    found: list[Refusal] = []
    for root, why in _judged_roots():
        untrusted = [(root, why)] if why is not None else _untrusted_in(root)
        found += [Refusal(str(path), reason, f"sudo rm -rI {shlex.quote(str(path))}") for path, reason in untrusted]
    return found


def _untrusted_in(root: Path) -> list[tuple[Path, str]]:
    return [(folder, why) for folder, why in _judged_runs(root) if why is not None]


def _require_trusted(folder: Path) -> None:
    why = why_untrusted(folder)
    if why is not None:
        raise UnsafeDatabase(
            f"{folder} is not a folder that the kit may use",
            why=why,
            do=f"remove it (sudo rm -rI {shlex.quote(str(folder))}), and run the tests again",
        )


def kept_in(folder: Path) -> str | None:
    """What a run kept in its folder, and why; None when it kept nothing."""
    try:
        return read_private(folder / _KEPT).strip()
    except FileNotFoundError:
        return None


def remove_orphans(root: Path) -> list[Path]:
    """Removes the folders of runs that are no longer alive and kept nothing, and returns them."""
    orphans = [folder for folder in unused_folders(root) if kept_in(folder) is None]
    return [folder for folder in orphans if remove_folder(folder)]


def unused_folders(root: Path) -> Iterator[Path]:
    """The folders of runs that are no longer alive; none in a folder that is not this user's alone."""
    if not root.exists() or why_untrusted(root) is not None:
        return
    for folder, why in _judged_runs(root):
        if why is None and not any(map(_is_held, folder.glob(_LOCKS))):
            yield folder


def _judged_runs(root: Path) -> Iterator[tuple[Path, str | None]]:
    """The folders with the name of a run's, and why they are not trusted."""
    for folder in [*root.glob(f"{_RUNS}/"), *filter(_is_old, root.glob(f"{_UNNAMED}{_RUNS}/"))]:
        with contextlib.suppress(FileNotFoundError):  # another run removed it in this moment
            yield folder, why_untrusted(folder)


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True  # a living run's, or removed by another run in this moment
    lock.release()
    return False


def remove_folder(folder: Path) -> bool:
    """Deletes a run's folder; first ends the server in it, whoever started that. Returns whether it is gone.

    It stays where the server's processes do not end, or are not proved to be the server's.
    """
    if (folder / _SERVER).exists():
        from kailash_testkit.databases.processes import ProcessFolder

        if not ProcessFolder(folder / _SERVER).remove():
            return False
    shutil.rmtree(folder, ignore_errors=True)  # which follows no symbolic link, in it or in its place
    return not os.path.lexists(folder)


def _is_old(folder: Path) -> bool:
    """Whether a folder that never got its name is left from a run that was killed at that moment."""
    try:
        return time.time() - folder.lstat().st_mtime > _NAMING_TIME
    except OSError:  # it has its name now
        return False
