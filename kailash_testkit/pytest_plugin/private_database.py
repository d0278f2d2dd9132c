"""The database of one process of a pytest session: named early, made when a test needs it, gone at the end.

The name, and the port of a private server, are chosen before the application can be imported. pytest-xdist's
workers inherit the choice from the controller, each with a database of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

from kailash_testkit.databases.servers import Choice, Server, open_server
from kailash_testkit.databases.servers.access import Access, HeldPort
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.databases.urls import same_database

_SHARED: Final = "KAILASH_TESTKIT_RUN"
"""The variable in which a controller tells its workers of the run."""
_WORKER: Final = "PYTEST_XDIST_WORKER"


class PrivateDatabase:
    """This process's own test database.

    choice: what the settings say. stem: what its name begins with. variables: those that the application
    reads its URL from.
    """

    def __init__(self, choice: Choice, stem: str, variables: Sequence[str]) -> None:
        self.variables = variables
        self._before: dict[str, str | None] = {}
        self._run = _Run.joined() or _Run.new(choice)
        self._server: Server = open_server(choice, self._run.folder, self._run.access)
        self.name = self._server.name(stem, os.environ.get(_WORKER))
        self.url = self._server.url(self.name)
        self._needs_server = choice.needs_server
        self._made = False
        self._kept = False
        self._at_import: _AtImport | None = None

    def describe(self) -> str:
        """One line for the report's header."""
        return f"{self._server.describe()}, database {self.name}, in {', '.join(self.variables)}"

    def set_variables(self) -> None:
        """Points the application's URL variables at the database, which need not exist yet."""
        shared = {_SHARED: self._run.as_text()} if self.variables else {}
        for variable, value in {**dict.fromkeys(self.variables, self.url), **shared}.items():
            self._before[variable] = os.environ.get(variable)
            os.environ[variable] = value

    def share(self) -> None:
        """Makes the run's folder on a controller, which outlives its workers."""
        self._run.folder.create()

    def make_when_needed(self) -> None:
        """A test is about to run: makes the database if DataFlow is imported, else as soon as it is.

        Raises `ServerUnavailable`.
        """
        if not self._needs_server or "dataflow" in sys.modules:
            self.make()
        elif self._at_import is None:
            self._at_import = _AtImport("dataflow", self.make)
            sys.meta_path.insert(0, self._at_import)

    def make(self) -> None:
        """Makes the database. Idempotent."""
        if not self._made:
            self._server.create(self.name)
            self._made = True

    def is_at(self, url: str) -> bool:
        """Whether a URL names this database."""
        return same_database(url, self.url)

    @property
    def is_used(self) -> bool:
        """Whether somebody has made something in it."""
        return self._made and self._server.is_used(self.name)

    @property
    def is_kept(self) -> bool:
        """Whether it stays as a failing test left it."""
        return self._kept

    def keep(self, reason: str) -> str | None:
        """Lets the database outlive the session; returns the command that opens it, None when there is nothing."""
        if not self.is_used:
            return None
        command = self._server.keep(self.name, reason=reason)
        self._kept = True
        return command

    def finish(self) -> None:
        """Drops the database, and at the end of the run everything else of it; puts the environment back."""
        if self._at_import is not None:
            sys.meta_path.remove(self._at_import)
        try:
            if self._run.is_own:
                self._server.stop()
                self._run.folder.remove()
            else:
                self._server.close()
                self._run.folder.leave()
        finally:
            if self._run.port is not None:
                self._run.port.release()
            for variable, value in self._before.items():
                if value is None:
                    os.environ.pop(variable, None)
                else:
                    os.environ[variable] = value


@dataclass(frozen=True)
class _Run:
    """A pytest session with all its processes. is_own: this process began it, and ends it."""

    folder: RunFolder
    access: Access | None
    port: HeldPort | None
    is_own: bool

    @classmethod
    def new(cls, choice: Choice) -> _Run:
        port = HeldPort() if choice.is_private_server else None
        return cls(RunFolder(), Access.on(port) if port else None, port, is_own=True)

    @classmethod
    def joined(cls) -> _Run | None:
        """The run of the controller that started this worker; None for a process that begins a run itself."""
        told = os.environ.get(_SHARED)
        if told is None or _WORKER not in os.environ:
            return None
        said = json.loads(told)
        if said["controller"] != os.getppid():  # inherited through a process that is no worker of that controller
            return None
        access = Access(said["port"], said["password"]) if said["port"] else None
        return cls(RunFolder(Path(said["folder"])), access, None, is_own=False)

    def as_text(self) -> str:
        port, password = (self.access.port, self.access.password) if self.access else (None, None)
        return json.dumps(
            {"controller": os.getpid(), "folder": str(self.folder.path), "port": port, "password": password}
        )


class _AtImport(MetaPathFinder):
    """Calls a function when a module is imported, before it is found."""

    def __init__(self, module: str, call: Callable[[], object]) -> None:
        self._module = module
        self._call = call

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname == self._module:
            self._call()
        return None
