"""What the kit needs of a place for private databases, and of a kind of server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kailash_testkit.databases.refusals import Refusal

if TYPE_CHECKING:  # it exists where processes are those of Unix
    from kailash_testkit.databases.processes import ProcessFolder


class Server(Protocol):
    """Where private databases come from: a folder of files, a given server, or a private one.

    Nothing is made or started before `create`, and nothing connected to before `create` or `refusals`. All
    methods raise `ServerUnavailable` when the server could not be reached or started.
    """

    def name(self, stem: str, worker: str | None, /) -> str:
        """The name of a process's database: no other process has it. worker: the pytest-xdist worker, if it is one."""
        ...

    def url(self, name: str, /) -> str:
        """The URL of the database of that name, which need not exist yet. May hold a password."""
        ...

    def describe(self) -> str:
        """One line about where the databases are, without a password."""
        ...

    def refusals(self) -> Sequence[Refusal]:
        """What earlier runs may have left on the server and the kit leaves alone. Connects to a given server."""
        ...

    def create(self, name: str, /) -> None:
        """Makes an empty database, which is dropped should this process be killed. Idempotent."""
        ...

    def is_used(self, name: str, /) -> bool:
        """Whether somebody has made something in the database."""
        ...

    def keep(self, name: str, /, *, reason: str) -> str:
        """Lets the database outlive the run. Returns the command that opens it, without a password."""
        ...

    def close(self) -> None:
        """This process is done: drops the databases that it made and did not keep, whoever is connected to them."""
        ...

    def stop(self) -> None:
        """The run is done: closes, and ends the server if it is private and nothing on it is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A database on a server that the kit made, or that looks as if it had.

    in_use: a process that lives needs it. reason: why it is kept, None when it is not. refused: what is missing
    in the proof that the kit made it, or speaks against it, in words that complete "the kit does not drop it:";
    None when the proof is whole. command: what a person may run to drop a refused one, without a password.
    """

    name: str
    in_use: bool
    reason: str | None
    refused: str | None = None
    command: str | None = None

    @property
    def is_orphan(self) -> bool:
        """Whether any run may drop it: proved to be the kit's, needed by nobody, and not kept."""
        return self.refused is None and not self.in_use and self.reason is None


class Administration(Protocol):
    """One connection to a server, for making and dropping databases. Touches no database that the kit did not make."""

    def create(self, name: str, /) -> None:
        """Makes an empty database, held by this connection for as long as that lives."""
        ...

    def is_empty(self, name: str, /) -> bool:
        """Whether nobody has made a table in the database."""
        ...

    def drop(self, name: str, /) -> None:
        """Removes a database, whoever is connected to it. Idempotent.

        Looks at the proof again, while it holds the database's lock: what was found may be another by now.
        Raises `UnsafeDatabase` when the proof does not cover it.
        """
        ...

    def keep(self, name: str, reason: str, /) -> None:
        """Notes that the database stays when the connection ends."""
        ...

    def found(self) -> Sequence[Found]:
        """The databases that the kit made as this user, in this or any other run, and those that only look so.

        A database whose name has the form of the kit's, or that carries a marker, is among them; it is `refused`
        unless name, marker (of this name, this server and the name's run) and content agree.
        """
        ...

    def close(self) -> None:
        """Ends the connection, and with it the hold on databases."""
        ...


class Programs(Protocol):
    """An installed server: its programs, and how they are run."""

    @property
    def origin(self) -> str:
        """Where they are, for a person."""
        ...

    def initialise(self, folder: ProcessFolder, password: str) -> bool:
        """Makes the data directory; whether that succeeded."""
        ...

    def serve(self, folder: ProcessFolder, port: int) -> list[str]:
        """The command that serves the data directory on the loopback interface."""
        ...


class Kind(Protocol):
    """A kind of server: PostgreSQL, MariaDB or MySQL."""

    @property
    def title(self) -> str:
        """Its name as people write it."""
        ...

    @property
    def stop_signal(self) -> int:
        """The signal that ends the server without delay."""
        ...

    def administration(self, url: str, /) -> Administration:
        """Connects to the server of a URL. Raises `ServerUnavailable`."""
        ...

    def private_url(self, port: int, password: str, /) -> str:
        """The URL of a private server on the loopback interface."""
        ...

    def programs(self) -> Programs:
        """The installed server. Raises `ServerUnavailable` with the command that installs one."""
        ...

    def command(self, url: str, secret: Path | None, /) -> str:
        """The command line that opens the database of a URL, without its password.

        secret: a file that holds it, in the form of the kind's own client.
        """
        ...

    def secret_file(self, url: str, /) -> str:
        """What the file for `command` holds."""
        ...
