"""A server with databases of the test's own, and what others may do to those of a run that was killed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from server_runs import GivenUrl, kill, run_in_a_process

from kailash_testkit.databases.naming import database_name, new_run


@dataclass(frozen=True)
class OwnServer(ABC):
    """A server, as a user sees it whose databases are these tests' alone."""

    given: GivenUrl
    kind: ClassVar[str]

    @abstractmethod
    def sql(self, *statements: str) -> list[Any]:
        """Runs statements as that user, each by itself; returns the rows of the last."""

    @abstractmethod
    def everything(self) -> Mapping[str, object]:
        """All that the server says of the user's databases, by name."""

    @abstractmethod
    def end_sessions(self) -> None:
        """What an administrator, an idle timeout or a lost network does to all of the user's connections."""

    @abstractmethod
    def quoted(self, name: str) -> str:
        """A name as it is written in SQL."""

    @abstractmethod
    def connected_to(self, name: str) -> AbstractContextManager[Any]:
        """A connection to one of the databases, for a block."""

    @abstractmethod
    def being_removed(self, name: str) -> AbstractContextManager[Any]:
        """A block in which another run seems to remove a database: it has the lock of its name."""

    def databases(self) -> set[str]:
        return {*self.everything()}

    def drop(self, *names: str) -> None:
        for name in names:
            self.sql(f"DROP DATABASE {self.quoted(name)}")

    def new_name(self, stem: str = "shop") -> str:
        """A name of the form that the kit gives."""
        return database_name(stem, new_run(), None)

    def run_beside(self) -> None:
        """Another run on the server, from its begin to its end."""
        server = self.given.run()
        server.create(server.name("beside", None))
        server.close()

    def left_by_a_killed_run(self) -> str:
        """The name of a database that a run made which was killed then."""
        with run_in_a_process(self.kind, self.given.url, "killed") as (process, name):
            kill(process)
        self.wait_until_unused(name)
        return name

    def wait_until_unused(self, name: str) -> None:
        """The server notices a little later that a client was killed, or is gone."""
        deadline = time.monotonic() + 30
        while self.given.found()[name].in_use:
            assert time.monotonic() < deadline
