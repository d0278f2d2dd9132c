"""The lists of attacks by kind of database. A further kind: a line in `KINDS`."""

from __future__ import annotations

from dataclasses import dataclass

import sqlite_attacks
from attack import Attack
from sqlite_target import SqliteTarget
from target import Target


@dataclass(frozen=True)
class Attacked:
    target: type[Target]
    attacks: tuple[Attack, ...]


KINDS: dict[str, Attacked] = {
    "sqlite": Attacked(SqliteTarget, sqlite_attacks.ATTACKS),
}
