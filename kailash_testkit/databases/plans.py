"""Plans: how a database would find the rows of a statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scan:
    """A table of which a statement reads every row, in order to compare a column.

    line: what the database's plan says of it, without values. unusable: the indexes that begin with a compared column
    and are of no use to it.
    """

    table: str
    line: str
    unusable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """scans: those of a statement. refused: why the database gave no plan, if it did not."""

    scans: tuple[Scan, ...] = ()
    refused: str | None = None


@dataclass(frozen=True)
class Explained:
    """A statement that is to be explained.

    text: as it was sent. places: its placeholders, in order; constants that are written into it are among them.
    compared: the columns that it compares with values.
    """

    text: str
    places: tuple[str, ...]
    compared: frozenset[str]
