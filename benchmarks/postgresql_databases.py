"""The databases that the journal's benchmark on PostgreSQL measures, and the changes that are made in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmark_server import server_url

from kailash_testkit.databases.postgresql.connection import Connection
from kailash_testkit.databases.postgresql.journal.journal import Journal
from kailash_testkit.databases.urls import with_database

HAS_SCHEDSTAT = Path("/proc/self/schedstat").exists()
TABLES = 10
CHANGED = 15
COLUMNS = "name text NOT NULL, email text, amount float8, note text, created_at timestamp, updated_at timestamp"
TRIGGER = "CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';" + " ".join(
    f"CREATE TRIGGER own AFTER UPDATE ON t{number} FOR EACH ROW EXECUTE FUNCTION own();" for number in range(TABLES)
)
EMPTY_TRIGGER = """
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER nothing AFTER INSERT OR UPDATE OR DELETE ON t1 FOR EACH ROW EXECUTE FUNCTION nothing()
"""
psycopg2: Any = import_module("psycopg2")


@dataclass
class Database:
    """A database of ten equal tables with an application's connection and, if asked for, a journal."""

    name: str
    app: Any
    journal: Journal | None


def connect(name: str | None = None) -> Any:
    connection = psycopg2.connect(server_url("postgresql"), **({} if name is None else {"dbname": name}))
    connection.autocommit = True
    return connection


def run(connection: Any, statement: str, parameters: tuple[object, ...] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def database(rows: int, *, journal: bool, triggers: bool = False) -> Iterator[Database]:
    name, server = f"testkit_bench_{uuid.uuid4().hex[:12]}", connect()
    run(server, f"CREATE DATABASE {name}")
    app = connect(name)
    for number in range(TABLES):
        # one large table is enough to show the influence of the size; ten would take minutes to fill
        size = rows if number == 0 or rows <= 10_000 else 10_000
        run(app, f"CREATE TABLE t{number} (id serial PRIMARY KEY, {COLUMNS})")
        run(app, f"INSERT INTO t{number} (name, email, amount) SELECT 'n' || i, i || '@x.org', i / 7.0 "
                 f"FROM generate_series(1, {size}) i")  # fmt: skip
    run(app, (TRIGGER if triggers else "") + "ANALYZE")
    recorder = Journal(Connection.to_journal(with_database(server_url("postgresql"), name))) if journal else None
    if recorder is not None:
        recorder.install()
    try:
        yield Database(name, app, recorder)
    finally:
        if recorder is not None:
            recorder.close()
        app.close()
        run(server, f"DROP DATABASE {name}")
        server.close()


def change(app: Any) -> None:
    """15 changes in ten tables, each of its own, as nodes make them."""
    for number in range(5):
        run(app, f"INSERT INTO t{number} (name) VALUES ('new')")
        run(app, f"UPDATE t{number + 5} SET note = 'changed' WHERE id = 42")
        run(app, f"DELETE FROM t{number} WHERE id = 43")


def processor_time(connection: Any) -> float:
    """Of the server's process of the connection, in seconds; the server must run on this machine."""
    place = Path(f"/proc/{connection.info.backend_pid}/schedstat")  # nanoseconds on a processor come first
    return int(place.read_text().split()[0]) / 1e9
