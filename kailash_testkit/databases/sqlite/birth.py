"""When a file was made: what tells it from one that took its place, its name and, on many file systems, its inode.

Python tells it on macOS and BSD only. On Linux this asks ``statx``, which glibc and musl have, and which all usual
file systems answer.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Final

_AT_CURRENT_FOLDER: Final = -100
_WANTED: Final = 0x800  # STATX_BTIME, of linux/stat.h, as what follows
_SIZE: Final = 256
_MASK: Final = struct.Struct("=I")
_BIRTH: Final = struct.Struct("=qI")
_BIRTH_AT: Final = 80


def birth_of(path: Path) -> str | None:
    """The moment in which the file was made, in seconds since 1970 with all digits that there are.

    None where the system or the file system does not tell. Raises `OSError` without such a file.
    """
    on_bsd: float | None = getattr(path.stat(), "st_birthtime", None)
    return _by_statx(path) if on_bsd is None else f"{on_bsd:.6f}"


def _by_statx(path: Path) -> str | None:
    try:
        import ctypes
    except ImportError:  # some builds of Python lack it
        return None
    statx: Any = getattr(ctypes.CDLL(None), "statx", None) if os.name == "posix" else None
    if statx is None:
        return None
    answer = ctypes.create_string_buffer(_SIZE)
    statx(_AT_CURRENT_FOLDER, os.fsencode(path), 0, _WANTED, answer)  # an old kernel or a sandbox leaves it empty
    (told,) = _MASK.unpack_from(answer, 0)
    seconds, nanoseconds = _BIRTH.unpack_from(answer, _BIRTH_AT)
    return f"{seconds}.{nanoseconds:09}" if told & _WANTED and seconds else None
