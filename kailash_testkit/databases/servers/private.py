"""A server of the run's own, started from installed programs when the first database is needed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from filelock import FileLock

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases.naming import database_name
from kailash_testkit.databases.private_folders import write_private
from kailash_testkit.databases.processes import ProcessFolder
from kailash_testkit.databases.refusals import Refusal
from kailash_testkit.databases.servers.access import Access
from kailash_testkit.databases.servers.interface import Administration, Kind
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import ServerUnavailable

_START: Final = 60.0  # seconds that a server may take to answer, on a machine with much else to do
_LOOK_AGAIN: Final = 0.01  # seconds
_SECRET: Final = "client-password"


class PrivateServer:
    """A server on the loopback interface, shared by the run's processes. See `Server` for the methods.

    It is found by its folder in the run's, so that whoever removes the run's folder can end it.
    """

    def __init__(self, kind: Kind, run: RunFolder, access: Access) -> None:
        self._kind = kind
        self._run = run
        self._access = access
        self._url = kind.private_url(access.port, access.password)
        self._connection: Administration | None = None
        self._made: set[str] = set()

    @cached_property
    def _folder(self) -> ProcessFolder:
        return ProcessFolder(self._run.server, stop_signal=self._kind.stop_signal)

    def name(self, stem: str, worker: str | None, /) -> str:
        return database_name(stem, self._run.run, worker)

    def url(self, name: str, /) -> str:
        return with_database(self._url, name)

    def describe(self) -> str:
        return f"{self._kind.title}, a private server on port {self._access.port}"

    def refusals(self) -> Sequence[Refusal]:
        return ()  # they are folders, which `storage` names

    def create(self, name: str, /) -> None:
        if name in self._made:
            return
        self._run.create()
        with FileLock(self._run.path / "server.lock"):
            if not (self._folder.is_alive() and self._answers()):
                self._start()
        if self._connection is None:
            self._connection = self._kind.administration(self._url)
        self._connection.create(name)
        self._made.add(name)

    def _start(self) -> None:
        programs = self._kind.programs()
        if not self._folder.remove():  # of a process that was killed while it did this
            raise self._failed(f"the {self._kind.title} server in {self._run.server} could not be ended")
        self._folder.create()
        if not programs.initialise(self._folder, self._access.password):
            raise self._failed(f"a private {self._kind.title} server could not be set up with {programs.origin}")
        self._folder.start(programs.serve(self._folder, self._access.port))
        give_up = clocks.now() + _START
        while not self._answers():
            if not self._folder.is_alive() or clocks.now() > give_up:
                raise self._failed(f"a private {self._kind.title} server of {programs.origin} did not start")
            time.sleep(_LOOK_AGAIN)

    def _answers(self) -> bool:
        try:
            self._kind.administration(self._url).close()
        except ServerUnavailable:
            return False
        return True

    def _failed(self, what: str) -> ServerUnavailable:
        words = self._folder.last_words()
        self._folder.remove()
        return ServerUnavailable(what, details=words, do="correct what the lines above say, or give a server's URL")

    def is_used(self, name: str, /) -> bool:
        return self._connection is not None and name in self._made and not self._connection.is_empty(name)

    def keep(self, name: str, /, *, reason: str) -> str:
        self._run.keep(f"{self._kind.title} server with database {name}: {reason}")
        secret = self._run.path / _SECRET
        secret.unlink(missing_ok=True)
        write_private(secret, self._kind.secret_file(self._url))
        return self._kind.command(self.url(name), secret)

    def close(self) -> None:
        """The databases go with the server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        self.close()
        if self._run.kept is None:
            self._folder.stop()
