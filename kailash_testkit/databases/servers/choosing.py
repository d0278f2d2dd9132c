"""Which server a setting means."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from kailash_testkit.databases.kinds import KINDS, DatabaseKind, kind_named, kind_of_url, load, title_of_url
from kailash_testkit.databases.servers.access import Access, HeldPort
from kailash_testkit.databases.servers.interface import Kind, Server
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.databases.urls import completed
from kailash_testkit.errors import ConfigurationError, ServerUnavailable
from kailash_testkit.redaction import redact
from kailash_testkit.text import comma_join

VARIABLE: Final = "TESTKIT_DATABASE"
"""The environment variable that says what to test on; unlike a command line, others cannot read it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What ``testkit_database`` says: a kind of database, or the URL of a server."""

    kind: str
    server_url: str | None = None

    @classmethod
    def of(cls, setting: str, option: str) -> Choice:
        """Reads a setting. option: its name, for messages. Raises `ConfigurationError`."""
        if kind_named(setting) is not None:
            return cls(setting)
        kind = kind_of_url(setting) if "://" in setting else None
        if kind is None or kind.is_file:
            names = comma_join([each.name for each in KINDS])
            raise ConfigurationError(
                f"{option}={redact(setting)}: not a kind of database that the kit can provide",
                do=f"use one of {names}, or the URL of a server: postgresql://user@host:5432/postgres",
            )
        if not setting.partition("://")[2].rpartition("@")[0]:
            raise ConfigurationError(
                f"{option}={redact(setting)}: the URL names no user, and DataFlow cannot do without",
                do=f"write it as {kind.name}://user:password@host:{kind.port}",
            )
        return cls(kind.name, completed(setting, kind.port, kind.maintenance_database))

    @property
    def needs_server(self) -> bool:
        """Whether the databases are on a server, given or private."""
        return not self.line.is_file

    @property
    def is_private_server(self) -> bool:
        """Whether a server is to be started."""
        return self.needs_server and self.server_url is None

    @property
    def title(self) -> str:
        """What the kind of database is called, as far as the setting tells."""
        return self.line.title if self.server_url is None else title_of_url(self.server_url)

    @property
    def line(self) -> DatabaseKind:
        """The kind's line in the table of kinds."""
        return next(kind for kind in KINDS if kind.name == self.kind)


def open_server(choice: Choice, run: RunFolder, access: Access | None) -> Server:
    """The place for the private databases of a run. Nothing is made yet.

    access: how a private server is to be reached; needed for one.
    """
    if not choice.needs_server:
        files: Server = load(choice.line.files)(run)
        return files
    if choice.server_url is not None:
        from kailash_testkit.databases.servers.given import GivenServer

        return GivenServer(kind_of(choice), choice.server_url, run)
    if access is None or sys.platform == "win32":
        raise ServerUnavailable(
            f"a private {kind_of(choice).title} server cannot be started here",
            why="the kit starts servers on Linux and macOS",
            do="give the URL of a server: --testkit-database=<url>",
        )
    from kailash_testkit.databases.servers.private import PrivateServer

    return PrivateServer(kind_of(choice), run, access)


def kind_of(choice: Choice) -> Kind:
    """The kind of server that is chosen."""
    kind: Kind = load(choice.line.server)(choice.title)
    return kind


@contextlib.contextmanager
def started(setting: str) -> Generator[Server, None, None]:
    """A server for a block, whose databases are dropped after it.

    setting: as of ``--testkit-database``. Raises `ServerUnavailable` at the first `Server.create`.
    """
    choice = Choice.of(setting, "started()")
    run = RunFolder()
    port = HeldPort() if choice.is_private_server else None
    server = open_server(choice, run, Access.on(port) if port else None)
    try:
        yield server
    finally:
        server.stop()
        run.remove()
        if port is not None:
            port.release()
