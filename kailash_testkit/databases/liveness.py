"""Whether the process that wrote a marker still runs, as far as this machine can tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")


def process_stamp() -> str:
    """What tells this process from all others; of use to processes of the same machine only. Empty off Linux."""
    started, where = _started(os.getpid()), _where()
    return f"{where}/{os.getpid()}/{started}" if where and started else ""


def is_running(stamp: str) -> bool:
    """Whether the process of a stamp runs; False also where that cannot be told."""
    where, _, process = stamp.partition("/")
    number, _, started = process.partition("/")
    return bool(number.isdecimal() and where == _where() and started and started == _started(int(number)))


def _where() -> str | None:
    """The boot of the machine and the container whose process numbers we see."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}-{(_PROCESSES / 'self/ns/pid').readlink().name}"
    except OSError:
        return None


def _started(number: int) -> str | None:
    """When a process started, in the kernel's ticks; None when it does not run."""
    try:
        fields = (_PROCESSES / str(number) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # ended, and nobody has asked for its result
