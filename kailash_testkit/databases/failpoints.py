"""A write that the database refuses, so that a test sees what the application makes of it.

Each kind has a trigger for it that runs after the row was written, as the journal's do: so both count the same writes,
also where an INSERT becomes an UPDATE on conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Event = Literal["insert", "update", "delete"]
Way = Literal["refuse", "fail the commit", "lose the connection"]
"""The statement fails, as for a constraint; or the commit does, of what was written; or the connection is lost."""

MESSAGE: Final = "kailash-testkit refuses this write"


@dataclass(frozen=True, slots=True)
class Failpoint:
    """The writes of one kind to one table, from a certain one on.

    number: how many of them are let through first.
    """

    table: str
    event: Event
    number: int = 0
    way: Way = "refuse"
