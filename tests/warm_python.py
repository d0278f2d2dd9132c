"""Python processes that start in a moment: forks of a server that has imported Kailash, DataFlow, pytest and the kit.

Importing them takes most of the time of a short pytest session. A command that is run here is a process of its own,
with its own folder, environment, output and exit code, as with `subprocess`; only those modules are there already
(see `warm_server`). Tests of what is imported when, and of killed runs, need a new interpreter instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import Pipe
from pathlib import Path
from typing import Literal

from warm_server import Command

SERVER = Path(__file__).with_name("warm_server.py")
# What changes how pytest writes: in CI its summary repeats whole messages. Sessions of tests write alike everywhere.
_APPEARANCE = frozenset({"BUILD_NUMBER", "CI", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS"})


class WarmPython:
    """The server. It ends, with all it started, at `close`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-python-")
        self._connection, self._theirs = Pipe()
        self._server = self._new_server()
        self._started = 0

    def start(self, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None) -> WarmProcess:
        """Starts ``python *arguments`` in a folder: ``[-W action] -m module ...`` or ``[-W action] script.py ...``."""
        self._started += 1
        output = Path(self._folder.name, str(self._started))
        command: Command = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": _without_appearance(os.environ) if environment is None else dict(environment),
            "stdout": f"{output}.out",
            "stderr": f"{output}.err",
        }
        return WarmProcess(self, self.ask(command), command)

    def run(
        self, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        return self.start(*arguments, folder=folder, environment=environment).wait()

    def ask(self, request: Command | int, timeout: float | None = None) -> int:
        """The server's answer: to a command the process's number, to a process's number its exit code.

        Raises TimeoutError when there is none within ``timeout`` seconds.
        """
        self._connection.send(request)
        return self.answer(timeout)

    def answer(self, timeout: float | None = None) -> int:
        """The next answer."""
        if not self._connection.poll(timeout):
            raise TimeoutError(f"no answer within {timeout} s")
        answer = self._connection.recv()
        assert isinstance(answer, int)
        return answer

    def _new_server(self) -> subprocess.Popen[bytes]:
        options = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
        server = subprocess.Popen(
            [sys.executable, "-P", str(SERVER), str(self._theirs.fileno())],
            env={name: value for name, value in os.environ.items() if name not in options},
            pass_fds=[self._theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a file, as is that of the forks: their buffers are made now
            start_new_session=True,
        )
        self._theirs.close()  # so that there is an end, not a wait, should the server fail
        return server

    def close(self) -> None:
        """Ends the server, and what it started."""
        self._theirs.close()
        self._connection.close()
        self._server.wait()
        self._folder.cleanup()


class WarmProcess:
    """A process that runs a command."""

    def __init__(self, python: WarmPython, number: int, command: Command) -> None:
        self._python = python
        self._command = command
        self.pid = number

    def wait(self, timeout: float = 100.0) -> subprocess.CompletedProcess[str]:
        """Waits for the end. timeout: in seconds; after that it is killed, and `subprocess.TimeoutExpired` raised."""
        arguments = self._command["arguments"]
        try:
            code = self._python.ask(self.pid, timeout)
        except TimeoutError:
            os.killpg(self.pid, signal.SIGKILL)
            self._python.answer()
            raise subprocess.TimeoutExpired(arguments, timeout, self._said("stdout"), self._said("stderr")) from None
        return subprocess.CompletedProcess(arguments, code, self._said("stdout"), self._said("stderr"))

    def _said(self, where: Literal["stdout", "stderr"]) -> str:
        return Path(self._command[where]).read_text()


def _without_appearance(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _APPEARANCE}
