"""The databases of one process of a pytest session: named early, made when a test needs them, gone at the end.

There is one for each DataFlow instance under test. Their names, and the port of a private server, are chosen before
the application can be imported. pytest-xdist's workers inherit the choice from the controller, each with databases
of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from kailash_testkit.databases.naming import LONGEST_STEM
from kailash_testkit.databases.refusals import Refusal
from kailash_testkit.databases.servers import Choice, Server, open_server
from kailash_testkit.databases.servers.access import Access, HeldPort
from kailash_testkit.databases.storage import RunFolder, refusals
from kailash_testkit.databases.urls import same_database
from kailash_testkit.errors import KitError
from kailash_testkit.import_hooks import ImportHook

_SHARED: Final = "KAILASH_TESTKIT_RUN"
"""The variable in which a controller tells its workers of the run."""
_WORKER: Final = "PYTEST_XDIST_WORKER"
_POOL_SIZE: Final = "DATAFLOW_POOL_SIZE"
_OWN_POOL_SIZE: Final = "20"  # connections of each process, of the 300 of a private server


class PrivateDatabases:
    """This process's own test databases.

    choice: what the settings say. stem: what their names begin with. variables: for each database, those that
    the application reads its URL from; none for a session that does not use the kit.
    """

    def __init__(self, choice: Choice, stem: str, variables: Sequence[Sequence[str]]) -> None:
        self._variables = variables
        self._before: dict[str, str | None] = {}
        self._run = _Run.joined() or _Run.new(choice)
        self._server: Server = open_server(choice, self._run.folder, self._run.access)
        stems = [stem, *(f"{stem[: LONGEST_STEM - 3]}_{number}" for number in range(2, len(variables) + 1))]
        self.names = [self._server.name(each, os.environ.get(_WORKER)) for each in stems]
        self._needs_server = choice.needs_server
        self._has_own_server = choice.is_private_server
        self._made = False
        self._kept = False
        self._failure: KitError | None = None
        self._at_import: ImportHook | None = None

    @property
    def is_of_own_run(self) -> bool:
        """Whether this process began the run; a pytest-xdist worker did not."""
        return self._run.is_own

    def describe(self) -> str:
        """One line for the report's header."""
        placed = [
            f"database {name}, in {', '.join(each)}" for name, each in zip(self.names, self._variables, strict=True)
        ]
        return f"{self._server.describe()}, {'; '.join(placed)}"

    def refusals(self) -> Sequence[Refusal]:
        """What looks like the kit's, from earlier runs, and is left alone."""
        found = refusals()
        with contextlib.suppress(KitError):  # the server is not there; the first test that needs it says so
            found += self._server.refusals()
        return found

    @cached_property
    def urls(self) -> list[str]:
        """The URL of each database. They may hold a password."""
        return [self._server.url(name) for name in self.names]

    def set_variables(self) -> None:
        """Points the application's URL variables at the databases, which need not exist yet."""
        if not self._variables:
            return
        # Of a server's whole max_connections DataFlow would make a pool that it then calls too large.
        pool = {_POOL_SIZE: _OWN_POOL_SIZE} if self._has_own_server and _POOL_SIZE not in os.environ else {}
        for variable, value in {_SHARED: self._run.as_text(), **pool, **self.values()}.items():
            self._before[variable] = os.environ.get(variable)
            os.environ[variable] = value

    def values(self) -> dict[str, str]:
        """What each variable of the application is set to."""
        return self._values

    @cached_property
    def _values(self) -> dict[str, str]:
        if not self._variables:
            return {}
        pairs = zip(self.urls, self._variables, strict=True)
        return {variable: url for url, variables in pairs for variable in variables}

    def share(self) -> None:
        """Makes the run's folder on a controller, which outlives its workers."""
        self._run.folder.create()

    def expect_import(self) -> None:
        """The application may be imported from now on, and may write while it is: makes the databases in time.

        A file's folder is made at once; a database on a server when DataFlow is imported. What fails is told by `make`.
        """
        if not self._variables:
            return
        if not self._needs_server or "dataflow" in sys.modules:
            self._try_to_make()
        else:
            self._at_import = ImportHook("dataflow", before=self._try_to_make)

    def _try_to_make(self) -> None:
        with contextlib.suppress(KitError):
            self.make()

    def make(self) -> None:
        """Makes the databases. Idempotent. Raises `ServerUnavailable`, each time the same."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not self._made:
            try:
                for name in self.names:
                    self._server.create(name)
            except KitError as error:
                self._failure = error
                raise
            self._made = True

    def is_at(self, url: str) -> bool:
        """Whether a URL names one of these databases."""
        return bool(self._variables) and any(same_database(url, own) for own in self.urls)

    def is_used(self, url: str | None = None) -> bool:
        """Whether somebody has made something in the database of a URL; by default in any of them."""
        return any(url is None or same_database(url, self._server.url(name)) for name in self._used())

    def _used(self) -> list[str]:
        return [name for name in self.names if self._made and self._server.is_used(name)]

    @property
    def is_kept(self) -> bool:
        """Whether they stay as a failing test left them."""
        return self._kept

    def keep(self, reason: str) -> str | None:
        """Lets the databases outlive the session; returns the commands that open them, None when there are none."""
        commands = [self._server.keep(name, reason=reason) for name in self._used()]
        self._kept = bool(commands)
        return "\n".join(commands) or None

    def finish(self) -> None:
        """Drops the databases, and at the end of the run everything else of it; puts the environment back."""
        if self._at_import is not None:
            self._at_import.remove()
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
        shared = os.environ.get(_SHARED)
        if shared is None or _WORKER not in os.environ:
            return None
        said = json.loads(shared)
        if said["controller"] != os.getppid():  # inherited through a process that is no worker of that controller
            return None
        access = Access(said["port"], said["password"]) if said["port"] else None
        return cls(RunFolder(Path(said["folder"])), access, None, is_own=False)

    def as_text(self) -> str:
        port, password = (self.access.port, self.access.password) if self.access else (None, None)
        return json.dumps(
            {"controller": os.getpid(), "folder": str(self.folder.path), "port": port, "password": password}
        )
