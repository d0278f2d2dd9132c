"""Private databases on a server that somebody else runs."""

from __future__ import annotations

import contextlib

from kailash_testkit.databases.naming import database_name
from kailash_testkit.databases.servers.interface import Administration, Kind
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.databases.urls import with_database
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.text import redact


class GivenServer:
    """The server of a URL. See `Server` for the methods.

    url: names the database to connect to for making others; nothing is changed in it itself.
    """

    def __init__(self, kind: Kind, url: str, run: RunFolder) -> None:
        self._run = run.run
        self._kind = kind
        self._url = url
        self._connection: Administration | None = None
        self._made: set[str] = set()

    def name(self, stem: str, worker: str | None, /) -> str:
        return database_name(stem, self._run, worker)

    def url(self, name: str, /) -> str:
        return with_database(self._url, name)

    def describe(self) -> str:
        return f"{self._kind.title} at {redact(self._url)}"

    def create(self, name: str, /) -> None:
        if name in self._made:
            return
        if self._connection is None:
            self._connection = self._kind.administration(self._url)
            remove_orphans(self._connection)
        self._connection.create(name)
        self._made.add(name)

    def is_used(self, name: str, /) -> bool:
        return self._connection is not None and name in self._made and not self._connection.is_empty(name)

    def keep(self, name: str, /, *, reason: str) -> str:
        if self._connection is not None:
            self._connection.keep(name, reason)
            self._made.discard(name)
        return self._kind.command(self.url(name), None)

    def close(self) -> None:
        if self._connection is not None:
            while self._made:
                self._connection.drop(self._made.pop())
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        self.close()


def remove_orphans(connection: Administration) -> list[str]:
    """Drops the databases of runs that were killed, on whatever machine, and returns their names.

    Only those that are proved to be the kit's.
    """
    orphans = [found.name for found in connection.found() if found.is_orphan]
    dropped: list[str] = []
    for name in orphans:
        with contextlib.suppress(UnsafeDatabase):  # it is another by now, and found as such next time
            connection.drop(name)
            dropped.append(name)
    return dropped
