"""Another local user, for tests about what one user's runs may do to another's. Only root can become one."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)
STRANGER = "games"
"""A system user who runs nothing on a usual machine, and is not the one that servers of root run as."""


def stranger() -> dict[str, Any]:
    """Arguments of `subprocess` for a process of that user; the test is skipped where there is none."""
    try:
        account = pwd.getpwnam(STRANGER)
    except KeyError:
        pytest.skip(f"this machine has no user {STRANGER!r}")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def as_stranger(script: str, *arguments: str) -> None:
    """Runs a shell script as that user."""
    subprocess.run(["/bin/sh", "-euc", script, "sh", *arguments], check=True, cwd="/", timeout=20, **stranger())


@contextmanager
def left_running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process for a block, in a session of its own."""
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **options)
    try:
        while _is_beginning(process):
            time.sleep(0.001)
        yield process
    finally:
        process.kill()
        process.wait()


def _is_beginning(process: subprocess.Popen[bytes]) -> bool:
    """Whether Linux does not tell its command and environment yet: `Popen` returns before it does."""
    command = Path(f"/proc/{process.pid}/cmdline")
    return command.exists() and not command.read_bytes() and process.poll() is None


def sleeping(*words: str) -> list[str]:
    """The command of a process that waits, with further words in its command line."""
    return [sys.executable, "-c", "import time; time.sleep(60)", *words]
