"""What a mark stands for: the state of the database at the moment when it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from kailash_testkit.databases.sqlite.journal.counters import Counters
from kailash_testkit.databases.sqlite.journal.image import Image


class Observation(NamedTuple):
    """Numbers that stay the same as long as nobody writes to the file: others, and the journal's connection.

    data_version: SQLite's, of the file. total_changes: of the connection. blobs_opened: see `watched_connections`.
    """

    data_version: int
    total_changes: int
    blobs_opened: int


NOTHING_OBSERVED: Final = Observation(-1, -1, -1)
"""Equals no observation."""


@dataclass
class MarkState:
    """The state at a mark.

    seq: the journal's position. schema_version: see `TriggerSet`. observation: of the unchanged database.
    """

    seq: int
    schema_version: int
    counters: Counters
    observation: Observation
    image: Image
