"""The proof that the kit made a database: a comment on it, which nothing may contradict.

PostgreSQL keeps the comment outside of the database, and a copy by ``TEMPLATE`` does not get it. It is right for one
database of one server only: dumps take it along, and anybody can write one that begins alike.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from kailash_testkit.databases.naming import run_of
from kailash_testkit.databases.records import read_record

_BEGINS: Final = "made by kailash-testkit"


@dataclass(frozen=True, slots=True)
class Marker:
    """What the kit notes of a database that it made.

    name, oid, server: the database's, which no other has all three of. run: the one that made it. made_by: for a
    person. process: see `liveness`. kept: why it is to stay, None when it is not.
    """

    name: str
    oid: int
    server: str
    run: str
    made_by: str
    process: str
    kept: str | None = None

    def as_text(self) -> str:
        """The comment."""
        return f"{_BEGINS}: {json.dumps(asdict(self))}"

    @classmethod
    def of(cls, text: str) -> Marker | None:
        """The marker of a comment; None for a comment that is none, to the letter."""
        marker = read_record(cls, text.removeprefix(f"{_BEGINS}: "))
        return marker if marker is not None and marker.as_text() == text else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A database of a server, as its catalogue has it.

    is_open: it is no template, and may be connected to. connections: how many there are.
    """

    oid: int
    name: str
    comment: str
    is_open: bool
    connections: int

    @property
    def looks_ours(self) -> bool:
        """Whether its name or its comment is such that somebody could take it for the kit's."""
        return run_of(self.name) is not None or self.comment.startswith(_BEGINS)

    @property
    def marker(self) -> Marker | None:
        return Marker.of(self.comment)

    def refused(self, server: str) -> str | None:
        """What is missing in the proof that the kit made it, or speaks against it; None when the proof is whole."""
        marker = self.marker
        if marker is None:
            return "its comment is none that the kit writes" if self.comment else "it carries no marker"
        if run_of(self.name) is None:
            return "its name is none that the kit gives"
        if marker.server != server:
            return "its marker was written on another server"
        if marker.oid != self.oid:
            return "its marker was written for another database; this is a copy, or was made again from a dump"
        if marker.name != self.name:
            return f"it was renamed, from {marker.name}"
        if marker.run != run_of(self.name):
            return f"its marker is that of run {marker.run}"
        if not self.is_open:
            return "it was made a template, or closed to connections"
        return None
