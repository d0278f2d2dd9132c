"""Which processes of this machine are a server's of the kit: proved by user, start and token, never by a number.

The token is a random word that the server's processes are started with: in their environment, and in the command
line. A process is the server's when it runs as the server's user, started after the one that wrote the token down,
and has the token in its environment. No file says which process gets a signal.

Limits. An environment is readable on Linux only, and there not by root without the right to trace (in a usual
container) for a server that runs as another user: then the command line must have the token. On Linux the
signal goes to the very process that was looked at; elsewhere starts are known to the second only, and the
number could in theory be given to another process between the look and the signal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

_PROCESSES: Final = Path("/proc")
_BOOT: Final = _PROCESSES / "sys/kernel/random/boot_id"
_HAS_PROC: Final = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Token:
    """What a server's processes are recognised by.

    word: what their environment and command line hold. since: when the process that starts them started itself, in the
    system's own unit. boot: the start of the machine that this counts from.
    """

    word: str
    since: float
    boot: str

    @classmethod
    def new(cls, word: str) -> Self:
        """A token for processes that this one is about to start."""
        own = _seen(os.getpid())
        return cls(word, 0.0 if own is None else own.started, _boot())

    @classmethod
    def of(cls, text: str) -> Self:
        """A token from its text. Raises `ValueError` when it is none."""
        try:
            read = json.loads(text)
            word, since, boot = read["word"], read["since"], read["boot"]
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a token: {text[:40]!r}") from error
        if not (isinstance(word, str) and isinstance(since, float) and isinstance(boot, str)) or len(word) < 16:
            raise ValueError(f"not a token: {text[:40]!r}")
        return cls(word, since, boot)

    def text(self) -> str:
        """The token as text."""
        return json.dumps(asdict(self))

    def signal_all(self, user: int, number: int) -> int:
        """Sends a signal to each process that has the token and runs as the user; returns to how many."""
        return sum(_send(process, number, self._proves(user)) for process in _all() if self._proves(user)(process))

    def _proves(self, user: int) -> _Proof:
        return _Proof(self, user, self.boot == _boot())


@dataclass(frozen=True, slots=True)
class _Process:
    number: int
    user: int
    started: float
    command: str


@dataclass(frozen=True, slots=True)
class _Proof:
    token: Token
    user: int
    same_boot: bool

    def __call__(self, process: _Process) -> bool:
        return (
            self.same_boot
            and process.user == self.user
            and process.started >= self.token.since
            and process.number != os.getpid()
            and self._started_with_token(process)
        )

    def _started_with_token(self, process: _Process) -> bool:
        """From the environment where it can be read: an editor's command line may name the server's log."""
        if not _HAS_PROC:
            return self.token.word in process.command
        try:
            return self.token.word.encode() in (_PROCESSES / str(process.number) / "environ").read_bytes()
        except PermissionError:
            return self.token.word in process.command
        except (FileNotFoundError, ProcessLookupError):
            return False  # it has ended


def _send(process: _Process, number: int, proves: _Proof) -> bool:
    """Sends a signal to a process that is still the one which was looked at; whether it was."""
    try:
        if sys.platform == "linux":
            descriptor = os.pidfd_open(process.number)  # from now on it means this process, whatever its number does
            try:
                if _seen(process.number) != process or not proves(process):
                    return False
                signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)
        else:
            if _seen(process.number) != process or not proves(process):
                return False
            os.kill(process.number, number)
    except ProcessLookupError:
        return False  # it has ended
    return True


def _all() -> Iterator[_Process]:
    if not _HAS_PROC:
        yield from _listed("-ax")
        return
    for entry in os.scandir(_PROCESSES):
        if entry.name.isdigit():
            process = _seen(int(entry.name))
            if process is not None:
                yield process


def _seen(number: int) -> _Process | None:
    """What the system says of a process now; None when there is none."""
    if not _HAS_PROC:
        return next(iter(_listed("-p", str(number))), None)
    folder = _PROCESSES / str(number)
    try:
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes()
        status = (folder / "status").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None  # it has ended
    real, effective, *_ = status.partition("\nUid:")[2].split()
    user = int(real) if real == effective else -1  # a program that changes its user is nobody's of ours
    return _Process(number, user, float(fields[19]), command.replace(b"\0", b" ").decode(errors="replace"))


def _listed(*which: str) -> list[_Process]:
    """What ``ps`` says, on systems without ``/proc``."""
    command = ["/bin/ps", "-ww", *which, "-o", "pid=", "-o", "uid=", "-o", "lstart=", "-o", "command="]
    lines = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"}).stdout
    found: list[_Process] = []
    for line in lines.splitlines():
        number, user, *day, rest = line.split(maxsplit=7)
        started = time.mktime(time.strptime(" ".join(day), "%a %b %d %H:%M:%S %Y"))
        found.append(_Process(int(number), int(user), started, rest))
    return found


def _boot() -> str:
    return _BOOT.read_text().strip() if _HAS_PROC else ""
