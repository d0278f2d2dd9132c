"""The lists of attacks. A further kind of database: a line in `KINDS`, whose name begins with the kind's."""

from __future__ import annotations

from dataclasses import dataclass

import mysql_attacks
import postgresql_attacks
import sqlite_attacks
from attack import Attack
from mysql_target import MysqlTarget
from postgresql_target import PostgresqlTarget
from sqlite_target import SqliteTarget, SqliteTargetWithVirtualTables
from target import Target


@dataclass(frozen=True)
class Attacked:
    target: type[Target]
    attacks: tuple[Attack, ...]
    slow: tuple[Attack, ...] = ()
    """Those after which somebody waits for a lock, and most of those on a server."""


def on_server(target: type[Target], attacks: tuple[Attack, ...]) -> Attacked:
    """Each takes a second or so with its judge: one in a dozen runs with the usual tests."""
    return Attacked(target, attacks[::12], tuple(attack for n, attack in enumerate(attacks) if n % 12))


KINDS: dict[str, Attacked] = {
    "sqlite": Attacked(SqliteTarget, sqlite_attacks.ATTACKS, sqlite_attacks.SLOW),
    "sqlite with virtual tables": Attacked(SqliteTargetWithVirtualTables, sqlite_attacks.ATTACKS_WITH_VIRTUAL_TABLES),
    "mysql": on_server(MysqlTarget, mysql_attacks.ATTACKS),
    "postgresql": on_server(PostgresqlTarget, postgresql_attacks.ATTACKS),
}
