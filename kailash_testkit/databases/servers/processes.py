"""Server processes that outlive the process which starts them, and can be found and ended by any other.

Each has a folder. In it lie the number of its process group, written before the program runs; its log; and a lock
that the program inherits with all its children: while it is held something of the server is alive, and the number
is its own, not that of a stranger who got it later.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

_GROUP: Final = "group"
_LOG: Final = "log"
_ALIVE: Final = "alive.lock"
_PATIENCE: Final = 10.0  # seconds that a server gets to end before it is killed
_LOOK_AGAIN: Final = 0.005  # seconds
_LAST_LINES: Final = 5
_UNPRIVILEGED: Final = "nobody"

# The shell leads a new session, and so its number is that of the group of all processes to come.
_ATTACHED: Final = 'echo "$$ $1" >"$0"; shift; exec "$@"'
# Left in the background by the shell, which ends, the program is nobody's child:
# a test is not blamed for a process that it left running, and no exit status waits to be asked for.
_DETACHED: Final = 'echo "$$ $1" >"$0"; shift; "$@" &'


class ProcessFolder:
    """The folder of one server's processes.

    user: the system user that the processes run as; None for the present one.
    stop_signal: what ends them without delay.
    """

    def __init__(self, path: Path, *, user: str | None = None, stop_signal: int = signal.SIGTERM) -> None:
        self.path = path
        self._user = user
        self._stop_signal = stop_signal

    def create(self) -> None:
        """Makes the folder, the server's own. Idempotent."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            for parent in (self.path.parent, self.path.parent.parent):
                parent.chmod(parent.stat().st_mode | 0o011)  # to pass through, not to look into
            account = pwd.getpwnam(self._user)
            os.chown(self.path, account.pw_uid, account.pw_gid)

    def write(self, name: str, text: str) -> Path:
        """Writes a file that nobody but the processes' user can read."""
        path = self.path / name
        path.touch(mode=0o600)
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(path, account.pw_uid, account.pw_gid)
        path.write_text(text)
        return path

    def run(self, command: Sequence[str]) -> bool:
        """Runs a program to its end; whether it succeeded. Its output goes to the log."""
        return self._launch(_ATTACHED, command) == 0

    def start(self, command: Sequence[str]) -> None:
        """Starts a program and leaves it running."""
        self._launch(_DETACHED, command)

    def _launch(self, script: str, command: Sequence[str]) -> int:
        with self._opened_lock() as lock, (self.path / _LOG).open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return subprocess.run(
                ["/bin/sh", "-c", script, str(self.path / _GROUP), str(int(self._stop_signal)), *command],
                cwd=self.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C is for the tests
                check=False,
                user=self._user,
                group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
                extra_groups=None if self._user is None else [],
            ).returncode

    def is_alive(self) -> bool:
        """Whether any of the processes runs."""
        if not (self.path / _ALIVE).exists():
            return False
        with self._opened_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def stop(self) -> bool:
        """Ends the processes, whoever started them, and waits for it; whether they are gone. Idempotent."""
        return not self.is_alive() or self._ends_by(None) or self._ends_by(signal.SIGKILL)

    def remove(self) -> bool:
        """Ends the processes and deletes the folder; whether they are gone. Idempotent."""
        if not self.stop():
            return False
        shutil.rmtree(self.path, ignore_errors=True)
        return True

    def _ends_by(self, number: int | None) -> bool:
        """Sends a signal, by default that which was chosen at the start; whether the processes end by it."""
        give_up = time.monotonic() + _PATIENCE
        told = False
        while self.is_alive() and time.monotonic() < give_up:
            told = told or self._signal(number)
            time.sleep(_LOOK_AGAIN)
        return not self.is_alive()

    def _signal(self, number: int | None) -> bool:
        try:
            group, stop_signal = map(int, (self.path / _GROUP).read_text().split())
            os.killpg(group, stop_signal if number is None else number)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return False  # it starts or ends in this moment
        return True

    def last_words(self) -> list[str]:
        """The end of the log."""
        try:
            lines = (self.path / _LOG).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if line.strip()][-_LAST_LINES:]

    @contextlib.contextmanager
    def _opened_lock(self) -> Generator[int, None, None]:
        descriptor = os.open(self.path / _ALIVE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def unprivileged_user() -> str | None:
    """The user that servers run as when we are root, which PostgreSQL refuses to be; None for the present one."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None
