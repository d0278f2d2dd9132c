"""SQLite: private databases are files in the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kailash_testkit.databases.refusals import Refusal
from kailash_testkit.databases.storage import RunFolder


class PrivateFiles:
    """Files in the folder of a run. See `Server` for the methods."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._watched: list[str] = []

    def name(self, stem: str, worker: str | None, /) -> str:
        return f"{stem}_{worker}" if worker else stem

    def url(self, name: str, /) -> str:
        return f"sqlite:///{self._file(name)}"

    def describe(self) -> str:
        return "SQLite, a private file"

    def refusals(self) -> Sequence[Refusal]:
        return ()  # they are folders, which `storage` names

    def create(self, name: str, /) -> None:
        from kailash_testkit.databases.sqlite import watched_connections

        self._run.create()  # SQLite makes the file when somebody connects
        watched_connections.watch(str(self._file(name)))
        self._watched.append(str(self._file(name)))

    def is_used(self, name: str, /) -> bool:
        return self._file(name).exists()

    def keep(self, name: str, /, *, reason: str) -> str:
        self._run.keep(f"SQLite file {self._file(name).name}: {reason}")
        return f"sqlite3 {self._file(name)}"

    def close(self) -> None:
        """The files go with the run's folder."""
        from kailash_testkit.databases.sqlite import watched_connections

        while self._watched:
            watched_connections.unwatch(self._watched.pop())

    def stop(self) -> None:
        self.close()

    def _file(self, name: str) -> Path:
        return self._run.path / f"{name}.db"
