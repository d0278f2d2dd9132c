"""Runs on a server: in this process, and in others that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from kailash_testkit.databases.servers import Choice, kind_of, started
from kailash_testkit.databases.servers.given import GivenServer
from kailash_testkit.databases.servers.interface import Administration, Found, Kind
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.databases.urls import server_url, with_database
from kailash_testkit.errors import ServerUnavailable


@dataclass(frozen=True)
class GivenUrl:
    """The URL of a server on which runs make their databases."""

    kind: Kind
    url: str

    def run(self) -> GivenServer:
        """The server as a new run has it."""
        return GivenServer(self.kind, self.url, RunFolder())

    @contextmanager
    def connected(self) -> Iterator[Administration]:
        with closing(self.kind.administration(self.url)) as connection:
            yield connection

    def found(self) -> dict[str, Found]:
        """The databases that the kit made on it, by name."""
        with self.connected() as connection:
            return {found.name: found for found in connection.found()}

    def sql(self, statement: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Runs SQL as somebody else would."""
        module, options = driver_options(with_database(self.url, database) if database else self.url)
        with closing(import_module(module).connect(**options)) as connection:
            if module == "psycopg2":
                connection.autocommit = True
            else:
                connection.autocommit(True)
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []


def driver_options(url: str) -> tuple[str, dict[str, object]]:
    """The driver's module for a URL, and what its ``connect`` wants."""
    scheme = url.partition("://")[0]
    place = server_url(url, (scheme,), 0)
    options: dict[str, object] = {"host": place.host, "port": place.port, "user": place.user}
    module = "psycopg2" if scheme.startswith("postgres") else "pymysql"
    return module, {**options, "password": place.password, "database": place.database}


MAINTENANCE = {"postgresql": "postgres", "mariadb": "mysql"}


class GivenServers:
    """Servers to be given by their URL: one of a kind, started when it is first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, GivenUrl] = {}

    def of(self, setting: str) -> GivenUrl:
        if setting not in self._running:
            server = self._stack.enter_context(started(setting))
            server.create("first")
            given = GivenUrl(kind_of(Choice(setting)), server.url(MAINTENANCE[setting]))
            given.sql("DROP DATABASE first")  # made to start the server; whoever finds it unheld would remove it
            self._running[setting] = given
        return self._running[setting]

    def close(self) -> None:
        self._stack.close()


SERVERS = GivenServers()
"""Those of this process's tests; `conftest` closes them."""


def url_for_tests(setting: str, variable: str) -> str:
    """The URL of a server to test on: that in the environment, else that of one started for this process's tests."""
    return os.environ.get(variable) or SERVERS.of(available(setting)).url


def available(setting: str) -> str:
    """The kind of server; the test is skipped, with the reason, where none can be started."""
    try:
        kind_of(Choice(setting)).programs()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    return setting


_RUN = """
import sys
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.storage import RunFolder

server = open_server(Choice(sys.argv[1], sys.argv[2]), RunFolder(), None)
name = server.name(sys.argv[3], None)
server.create(name)
print(name, flush=True)
sys.stdin.read()
"""


def run_in_a_process(kind: str, url: str, stem: str) -> AbstractContextManager[tuple[subprocess.Popen[str], str]]:
    """A run in a process of its own, which makes a database and waits; gives the process and the database's name."""
    return other_process(_RUN, kind, url, stem)


@contextmanager
def other_process(code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs Python code that prints a line and waits; gives the process and the line. Killed after the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        kill(process)
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    """As ``kill -9`` does."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that mention a folder."""
    listed = subprocess.run(["ps", "axww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line and not line.startswith("ps ")]


def children_of(number: int) -> set[int]:
    """The processes that a process started and that run."""
    return {child for child, parent in _running().items() if parent == number}


def wait_for_the_end_of(processes: set[int]) -> None:
    """Waits until the processes run no more."""
    deadline = time.monotonic() + 60
    while processes & _running().keys():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _running() -> dict[int, int]:
    """Each process's parent, without those that have ended and that nobody has asked for their result."""
    listed = subprocess.run(["ps", "ax", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    found = (line.split() for line in listed.splitlines())
    return {int(number): int(parent) for number, parent, state in found if not state.startswith("Z")}
