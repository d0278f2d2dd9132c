"""What others may do to a database that the kit left on a MariaDB or MySQL server; see `postgresql_meddling`."""

from __future__ import annotations

import json

from mysql_server import MysqlServer, literal

from kailash_testkit.databases.mysql.marker import TABLE


def renamed(own: MysqlServer, left: str) -> str:
    """As people rename a database there: its tables move to another."""
    name = own.new_name("renamed")
    own.sql(f"CREATE DATABASE {name}", f"RENAME TABLE {left}.{TABLE} TO {name}.{TABLE}")
    own.drop(left)
    return name


def copied(own: MysqlServer, left: str) -> str:
    name = own.new_name("copied")
    own.restore(name, own.marker(left))
    own.drop(left)
    return name


def restored(own: MysqlServer, left: str) -> str:
    marker = own.marker(left)
    own.drop(left)
    own.sql("DO sleep(1.1)")
    own.restore(left, marker)
    return left


def unmarked(own: MysqlServer, left: str) -> str:
    own.sql(f"DROP TABLE {left}.{TABLE}")
    return left


def emptied(own: MysqlServer, left: str) -> str:
    own.sql(f"DELETE FROM {left}.{TABLE}")
    return left


def with_another_row(own: MysqlServer, left: str) -> str:
    own.sql(f"INSERT INTO {left}.{TABLE} SELECT 2, marker FROM {left}.{TABLE}")
    return left


def with_a_view_as_marker(own: MysqlServer, left: str) -> str:
    own.sql(f"RENAME TABLE {left}.{TABLE} TO {left}.t", f"CREATE VIEW {left}.{TABLE} AS SELECT * FROM {left}.t")
    return left


def with_another_marker_table(own: MysqlServer, left: str) -> str:
    own.sql(f"DROP TABLE {left}.{TABLE}", f"CREATE TABLE {left}.{TABLE} (reason varchar(255))")
    return left


def written_further(own: MysqlServer, left: str) -> str:
    own.sql(f"UPDATE {left}.{TABLE} SET marker = concat(marker, ' originally; now our data')")
    return left


def of_another_run(own: MysqlServer, left: str) -> str:
    return altered(own, left, run="kt0123456789")


def of_another_server(own: MysqlServer, left: str) -> str:
    return altered(own, left, server="elsewhere")


def altered(own: MysqlServer, left: str, **values: object) -> str:
    text = json.dumps({**json.loads(own.marker(left)), **values})
    own.sql(f"UPDATE {left}.{TABLE} SET marker = {literal(text)}")
    return left


CONTRADICTIONS = [
    (renamed, "written for killed_kt"),
    (copied, "written for killed_kt"),
    (restored, "restored from a dump"),
    (unmarked, "no marker"),
    (emptied, "none that the kit writes"),
    (with_another_row, "none that the kit writes"),
    (with_a_view_as_marker, "none that the kit writes"),
    (with_another_marker_table, "none that the kit writes"),
    (written_further, "none that the kit writes"),
    (of_another_run, "its marker is that of run kt0123456789"),
    (of_another_server, "written on another server"),
]
"""Each, and what the kit says of it."""
