"""Server processes that outlive the process which starts them, and can be found and ended by any other.

Each server has a folder. In it lie the token by which its processes are recognised (see `proof`), written before the
program runs; its log; and a lock that the program inherits with all its children: while it is held something of the
server is alive. These are this user's. The server's own files are in a folder further down, whose name is the
token: where we are root, the server runs as another user, who can write nowhere else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.private_folders import make_private_folder, read_private, write_private
from kailash_testkit.databases.process_proof import Token

_TOKEN: Final = "token"
_STOP: Final = "stop-signal"
_LOG: Final = "log"
_ALIVE: Final = "alive.lock"
_PATIENCE: Final = 10.0  # seconds that a server gets to end before it is killed
_UNPROVED: Final = 2.0  # seconds that it may look as if nothing alive were the server's: it starts, or is ending
_LOOK_AGAIN: Final = 0.005  # seconds
_SIGNAL_AGAIN: Final = 0.1  # seconds; what sets up a server starts programs one after the other
_LAST_LINES: Final = 5
_UNPRIVILEGED: Final = "nobody"
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_KEPT_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without them programs may not run

# Left in the background by the shell, which ends, the program is nobody's child:
# a test is not blamed for a process that it left running, and no exit status waits to be asked for.
_DETACHED: Final = ("/bin/sh", "-c", '"$@" &', "sh")


class ProcessFolder:
    """The folder of one server's processes.

    stop_signal: what ends them without delay.
    """

    def __init__(self, path: Path, *, stop_signal: int = signal.SIGTERM) -> None:
        self.control = path
        """The part that only this user can write in, and the server's user can read."""
        self._stop_signal = stop_signal
        self._account = _account()

    @property
    def path(self) -> Path:
        """The folder of the server's own files: its data, and ``tmp`` for what it needs for a moment."""
        return self.control / self._token().word

    def _token(self) -> Token:
        return Token.of(read_private(self.control / _TOKEN))

    def create(self) -> None:
        """Makes the folder. Raises `FileExistsError` when there is one."""
        make_private_folder(self.control)
        if self._account is not None:
            for folder in (self.control, self.control.parent, self.control.parent.parent):
                os.chown(folder, -1, self._account.pw_gid)
                folder.chmod(folder.stat().st_mode | 0o010)  # the server may pass through, not look into it
        token = Token.new(f"server-{secrets.token_hex(16)}")
        write_private(self.control / _STOP, str(int(self._stop_signal)))
        write_private(self.control / _TOKEN, token.text())
        for folder in (self.path, self.path / "tmp"):
            make_private_folder(folder)
            if self._account is not None:
                os.chown(folder, self._account.pw_uid, self._account.pw_gid)

    def write(self, name: str, text: str) -> Path:
        """Writes a new file that nobody but the processes' user can read."""
        path = self.path / name
        if self._account is None:
            write_private(path, text)
        else:
            write_private(path, text, user=self._account.pw_uid, group=self._account.pw_gid)
        return path

    def run(self, command: Sequence[str]) -> bool:
        """Runs a program to its end; whether it succeeded. Its output goes to the log.

        command: must name the folder `path`, by which its processes are recognised.
        """
        return self._launch(command) == 0

    def start(self, command: Sequence[str]) -> None:
        """Starts a program and leaves it running.

        command: must name the folder `path`, by which its processes are recognised.
        """
        self._launch([*_DETACHED, *command])

    def _launch(self, command: Sequence[str]) -> int:
        path = self.path
        if not any(path.name in word for word in command):
            raise ValueError(f"the command names no file in {path}, so its processes could not be found again")
        with self._opened_lock() as lock, self._opened_log() as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return subprocess.run(
                command,
                cwd=path,
                env=self._environment(),
                umask=0o077,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C is for the tests
                check=False,
                user=None if self._account is None else self._account.pw_uid,
                group=None if self._account is None else self._account.pw_gid,
                extra_groups=None if self._account is None else [],
            ).returncode

    def _environment(self) -> dict[str, str]:
        """Nothing of the tests' own environment, which may hold secrets and settings for other servers."""
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        path = str(self.path)
        return {"PATH": os.defpath, **kept, "HOME": path, "TMPDIR": f"{path}/tmp", "LC_ALL": "C", "TZ": "UTC"}

    def is_alive(self) -> bool:
        """Whether any of the processes runs."""
        try:
            with self._opened_lock(0) as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def stop(self) -> bool:
        """Ends the processes, whoever started them, and waits for it; whether they are gone. Idempotent.

        A process that is not proved to be the server's gets no signal.
        """
        return not self.is_alive() or self._ends_by(self._chosen_signal()) or self._ends_by(signal.SIGKILL)

    def remove(self) -> bool:
        """Ends the processes and deletes the folder; whether they are gone. Idempotent."""
        if not self.stop():
            return False
        shutil.rmtree(self.control, ignore_errors=True)
        return True

    def _chosen_signal(self) -> int:
        """The signal that was chosen at the start, perhaps by another process."""
        try:
            chosen = int(read_private(self.control / _STOP))
        except (OSError, ValueError):
            return signal.SIGTERM
        return chosen if chosen in _STOP_SIGNALS else signal.SIGTERM

    def _ends_by(self, number: int) -> bool:
        """Sends a signal to all that is proved to be the server's; whether the processes end by it."""
        try:
            token = self._token()
        except (OSError, ValueError):
            return False  # nothing is proved
        user = os.geteuid() if self._account is None else self._account.pw_uid
        give_up = clocks.now() + _PATIENCE
        unproved = clocks.now() + _UNPROVED
        while self.is_alive():
            now = clocks.now()
            if token.signal_all(user, number):
                unproved = now + _UNPROVED
            if now > min(give_up, unproved):
                return False
            again = now + _SIGNAL_AGAIN
            while self.is_alive() and clocks.now() < again:
                time.sleep(_LOOK_AGAIN)
        return True

    def last_words(self) -> list[str]:
        """The end of the log."""
        try:
            lines = (self.control / _LOG).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if line.strip()][-_LAST_LINES:]

    @contextlib.contextmanager
    def _opened_log(self) -> Generator[int, None, None]:
        with self._opened(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as descriptor:
            yield descriptor

    @contextlib.contextmanager
    def _opened_lock(self, flags: int = os.O_CREAT) -> Generator[int, None, None]:
        with self._opened(_ALIVE, os.O_RDWR | flags) as descriptor:
            yield descriptor

    @contextlib.contextmanager
    def _opened(self, name: str, flags: int) -> Generator[int, None, None]:
        descriptor = os.open(self.control / name, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def unprivileged_user() -> str | None:
    """The user that servers run as when we are root, which PostgreSQL refuses to be; None for the present one."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _account() -> pwd.struct_passwd | None:
    user = unprivileged_user()
    return None if user is None else pwd.getpwnam(user)
