"""What a private server and a worker's database cost, and whether a template would pay.

    python benchmarks/servers.py [rounds] [kind ...]

Each round starts a private server of each kind that is installed, makes a database, and lets DataFlow make the
tables of 10 and of 50 models in it: in an empty database, and in one where they are already, as a clone of a
template would have them. On PostgreSQL the clone itself is timed by both strategies.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from measuring import compare

from kailash_testkit.databases.servers import Server, started
from kailash_testkit.errors import ServerUnavailable

SIZES = (10, 50)
FIRST = "server set up, started, first database"
Times = dict[str, list[float]]


@contextlib.contextmanager
def timed(times: Times, what: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times[what].append((time.perf_counter() - start) * 1000)


def main(rounds: int, kinds: list[str]) -> None:
    """Prints the median time of each step, per kind of server."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for kind in kinds:
        times: Times = defaultdict(list)
        try:
            for _ in range(rounds):
                one_round(kind, times)
        except ServerUnavailable as error:
            print(f"{kind}: {error.what}")
            continue
        compare(f"{kind}: a private server, and DataFlow's tables", times, to=FIRST)


def one_round(kind: str, times: Times) -> None:
    with started(kind) as server:
        with timed(times, FIRST):
            server.create("first")
        with timed(times, "a further database"):
            server.create("second")
        for size in SIZES:
            name = f"shop{size}"
            server.create(name)
            tables(server, name, size, times, f"tables of {size} models in an empty database")
            tables(server, name, size, times, f"tables of {size} models where they are already")
            if kind == "postgresql":
                clone(server, name, times, size)
        stop = time.perf_counter()
    times["server stopped and removed"].append((time.perf_counter() - stop) * 1000)


def tables(server: Server, name: str, size: int, times: Times, what: str) -> None:
    db = models(server.url(name), size)
    with timed(times, what):
        db.create_tables_sync()
    db.close()


def clone(server: Server, name: str, times: Times, size: int) -> None:
    connection: Any = import_module("psycopg2").connect(server.url("first"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for strategy in ("file_copy", "wal_log"):
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            with timed(times, f"clone of a template with {size} tables, {strategy}"):
                cursor.execute(f"CREATE DATABASE {name}_{strategy} TEMPLATE {name} STRATEGY {strategy}")
    connection.close()


def models(url: str, size: int) -> Any:
    from dataflow import DataFlow

    fields = {"id": int, "name": str, "note": str, "total": float, "count": int, "done": bool, "owner": str}
    db = DataFlow(url, cache_enabled=False, migration_enabled=False)
    for number in range(size):
        db.model(type(f"Model{number}", (), {"__annotations__": fields}))
    return db


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 3, arguments[1:] or ["postgresql", "mariadb"])
