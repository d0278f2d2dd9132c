"""A server that a command starts: the user's application, in a process of its own, on the command's database."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from typing import IO, Final
from urllib.parse import urlsplit

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.servers.access import LOOPBACK, HeldPort
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.redaction import redact

_STARTS: Final = 60.0  # seconds until it answers
_ENDS: Final = 10.0  # seconds that it gets to end before it is killed
_LOOK_AGAIN: Final = 0.05  # seconds
_LAST_LINES: Final = 5
_PORT: Final = "{port}"
_PORTS: Final = {"http": 80, "https": 443}


@contextlib.contextmanager
def served(command: str, url: str | None) -> Generator[str, None, None]:
    """For a block: the server runs, and answers at the URL that is given.

    command: words as in a shell, without one; ``{port}`` stands for a free port. It gets the present environment.
    url: where it answers; by default at that port. It is ended with all that it started in its process group.
    Raises `ConfigurationError` where nobody answers there.
    """
    words, found = _command(command, url)
    address = _address(found)
    if _answers(address):
        raise ConfigurationError(
            f"--serve: somebody answers at {redact(found)} already",
            why="requests would go to a server that the kit has not started, on whatever database",
            do="end that server, or let the kit choose the port: {port} in the command, and no --url",
        )
    with tempfile.TemporaryFile("w+", errors="replace") as output, _started(words, output) as process:
        _wait(process, address, found, output)
        yield found


def _command(command: str, url: str | None) -> tuple[Sequence[str], str]:
    words = shlex.split(command)
    if not words:
        raise ConfigurationError("--serve: no command")
    if _PORT not in command:
        if url is None:
            raise ConfigurationError(
                "--serve: where does the server answer?",
                do='write {port} where its port stands, "uvicorn shop.api:app --port {port}", or give --url',
            )
        return words, url
    port = HeldPort()
    port.release()  # not every server can bind it while it is held
    number = str(port.number)
    if url is None:
        url = f"http://{LOOPBACK}:{number}"
    return [word.replace(_PORT, number) for word in words], url.replace(_PORT, number)


def _address(url: str) -> tuple[str, int]:
    parsed = urlsplit(url)
    try:
        port = parsed.port or _PORTS[parsed.scheme]
    except (KeyError, ValueError):
        port = 0
    if not port or not parsed.hostname:
        raise ConfigurationError(f"--url {redact(url)}: not the URL of a server", do="such as http://127.0.0.1:8000")
    return parsed.hostname, port


@contextlib.contextmanager
def _started(words: Sequence[str], output: IO[str]) -> Generator[subprocess.Popen[str], None, None]:
    try:
        process = subprocess.Popen(  # ended below
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True, start_new_session=True
        )
    except OSError as error:
        raise ConfigurationError(f"--serve: {words[0]} cannot be started", why=error.strerror) from None
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS)


def _wait(process: subprocess.Popen[str], address: tuple[str, int], url: str, output: IO[str]) -> None:
    give_up = clocks.now() + _STARTS
    while not _answers(address):
        if process.poll() is not None or clocks.now() > give_up:
            how = "is still starting" if process.returncode is None else f"ended with exit code {process.returncode}"
            output.seek(0)
            said = [line for line in output.read().splitlines() if line.strip()][-_LAST_LINES:]
            raise ConfigurationError(
                f"--serve: nobody answers at {redact(url)}",
                details=[redact(line) for line in said],
                why=f"the server {how}",
                do="try the command by itself; the port in it must be that of the URL",
            )
        time.sleep(_LOOK_AGAIN)


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1):
            return True
    except OSError:
        return False
