"""The proof that the kit made a database: a table in it with one row, which nothing may contradict.

MariaDB and MySQL keep nothing about a database outside of it, so a copy has the table too. Hence the row says for
which database of which server it was written, and when its table was created: a dump that is restored, in its old
place as well, has a younger one. The creation is known to the second; a copy that is made, under the same name, in
the second in which the original was made is not told from it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from kailash_testkit.databases.naming import run_of
from kailash_testkit.databases.records import read_record

TABLE: Final = "dataflow_testkit_made"
"""The table's name, in every database that the kit makes."""
LONGEST: Final = 10_000  # characters; the rest of a longer marker is not read


@dataclass(frozen=True, slots=True)
class Marker:
    """What the kit notes of a database that it made.

    name, server: the database's. user: who made it, as the server names accounts. created: the second in which the
    marker's table was created. run: the one that made it. made_by: for a person. process: see `liveness`. kept: why
    it is to stay, None when it is not.
    """

    name: str
    server: str
    user: str
    created: int
    run: str
    made_by: str
    process: str
    kept: str | None = None

    def as_text(self) -> str:
        """The row's text."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Marker | None:
        """The marker of a row; None for a text that the kit does not write, to the letter."""
        marker = read_record(cls, text)
        return marker if marker is not None and marker.as_text() == text else None


def comment(name: str) -> str:
    """What the kit writes on a database where the server takes comments."""
    return f"made by kailash-testkit, run {run_of(name)}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A database of a server, with what it holds in the marker's place.

    kind: of what has the name of the marker's table, in the server's words; None where nothing has. created: the
    second in which that was created. rows: the texts in it, None where they cannot be read.
    """

    name: str
    kind: str | None
    created: int | None
    rows: tuple[str, ...] | None

    @property
    def looks_ours(self) -> bool:
        """Whether its name or what is in it is such that somebody could take it for the kit's."""
        return run_of(self.name) is not None or self.kind is not None

    @property
    def marker(self) -> Marker | None:
        return Marker.of(self.rows[0]) if self.rows is not None and len(self.rows) == 1 else None

    def refused(self, server: str, user: str) -> str | None:
        """What is missing in the proof that the kit made it, or speaks against it; None when the proof is whole."""
        if self.kind is None:
            return "it carries no marker"
        marker = self.marker
        if self.kind != "BASE TABLE" or marker is None:
            return f"its table {TABLE} is none that the kit writes"
        if run_of(self.name) is None:
            return "its name is none that the kit gives"
        if marker.server != server:
            return "its marker was written on another server"
        if marker.name != self.name:
            return f"its marker was written for {marker.name}; this is a copy, or its tables were renamed"
        if marker.created != self.created:
            return "its marker is older than its table; it was restored from a dump, or altered"
        if marker.run != run_of(self.name):
            return f"its marker is that of run {marker.run}"
        if marker.user != user:
            return f"{marker.user} made it"
        return None
