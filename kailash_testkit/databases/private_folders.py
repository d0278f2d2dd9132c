"""Folders and files that nobody but this user can have made or can change.

A folder is trusted when it is the user's, no other may write in it, and each folder above it is the user's or the
system's and lets nobody else rename what is in it. Nobody else can then put another in its place, nor
anything into it, so that what was checked stays so. The administrator (root) can do all of this, as everywhere.

On systems without Unix users nothing is checked: the folders for temporary files are the user's own there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH  # the group's bit stands for access control lists as well
_ROOT: Final = 0


def why_untrusted(folder: Path) -> str | None:
    """Why another user could have made the folder or can write in it; None when it is this user's alone.

    Raises `FileNotFoundError` when there is none. Follows no symbolic link.
    """
    found = os.lstat(folder)
    if stat.S_ISLNK(found.st_mode):
        return f"it is a symbolic link to {os.readlink(folder)}"
    if not stat.S_ISDIR(found.st_mode):
        return "it is not a folder"
    return _why_not_ours(found)


def why_unsafe_place(place: Path) -> str | None:
    """Why a private folder in this place could be replaced by another user; None when it cannot.

    place: a path without symbolic links. Raises `FileNotFoundError` when there is none.
    """
    if not hasattr(os, "geteuid"):
        return None
    for folder in (place, *place.parents):
        found = os.lstat(folder)
        if found.st_uid not in (_ROOT, os.geteuid()):
            return f"{folder} belongs to {user_name(found.st_uid)}, who can replace what is in it"
        if found.st_mode & _OTHERS_WRITE and not found.st_mode & stat.S_ISVTX:
            return f"others may write in {folder} (mode {_octal(found)}, no sticky bit) and replace what is in it"
    return None


def make_private_folder(folder: Path) -> None:
    """Makes a folder for this user only. Raises `FileExistsError` when anything of that name is there."""
    folder.mkdir(mode=0o700)


def write_private(path: Path, text: str, *, user: int = -1, group: int = -1) -> None:
    """Writes a new file that only its user can read. Raises `FileExistsError` when anything of that name is there.

    user, group: whose it is; by default this process's.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if user != -1:
            os.fchown(descriptor, user, group)
        file.write(text)


def append_private(path: Path, text: str) -> None:
    """Adds to a file of this user's, or makes it. Raises `PermissionError` when it is another's."""
    with os.fdopen(_opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a", encoding="utf-8") as file:
        file.write(text)


def read_private(path: Path) -> str:
    """What is in a file of this user's.

    Raises `FileNotFoundError` when there is none, and `PermissionError` when it is not this user's own, or is a
    symbolic link, or anything else than a file.
    """
    with os.fdopen(_opened(path, os.O_RDONLY), encoding="utf-8") as file:
        return file.read()


def user_name(number: int) -> str:
    """A user for a message: ``ada (uid 1000)``."""
    import pwd

    try:
        return f"{pwd.getpwuid(number).pw_name} (uid {number})"
    except KeyError:
        return f"uid {number}"


_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)  # for a writer of a planted pipe


def _opened(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | _NO_LINK | _NO_WAIT, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise PermissionError(f"{path} is a symbolic link") from error
        raise
    found = os.fstat(descriptor)
    why = _why_not_ours(found) if stat.S_ISREG(found.st_mode) else "it is not a file"
    if why is None:
        return descriptor
    os.close(descriptor)
    raise PermissionError(f"{path} is not read: {why}")


def _why_not_ours(found: os.stat_result) -> str | None:
    if not hasattr(os, "geteuid"):
        return None
    if found.st_uid != os.geteuid():
        return f"it belongs to {user_name(found.st_uid)}"
    if found.st_mode & _OTHERS_WRITE:
        return f"others may write in it (mode {_octal(found)})"
    return None


def _octal(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"
