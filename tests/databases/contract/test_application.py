"""The application does not notice the journal."""

from __future__ import annotations

import re
from typing import Any

import pytest
from journal_bench import Bench

SCHEMA = """
CREATE TABLE t (id {serial}, v VARCHAR(20) UNIQUE, w INTEGER);
CREATE TABLE plain (id INTEGER PRIMARY KEY, w INTEGER);
"""
UNRECORDED = "CREATE TABLE dataflow_model_registry (id {serial}, v VARCHAR(20) UNIQUE, w INTEGER);\n"
STATEMENTS = (
    "INSERT INTO {t} (v) VALUES ('a')",
    "INSERT INTO {t} (v) VALUES ('b'), ('c')",
    "UPDATE {t} SET w = 1 WHERE v <> 'a'",
    "UPDATE {t} SET w = 1",
    "INSERT INTO {t} (id, v) VALUES (70, 'x')",
    "DELETE FROM {t} WHERE v = 'b'",
    "DELETE FROM {t}",
    "INSERT INTO {t} (v) VALUES ('last')",
)


def observed(bench: Bench, table: str) -> list[Any]:
    """What the driver tells of a series of writes."""
    seen: list[Any] = []
    cursor = bench.app.cursor()
    for statement in STATEMENTS:
        cursor.execute(statement.replace("{t}", table))
        seen += [cursor.rowcount, None if bench.kind.name == "postgresql" else cursor.lastrowid]
    cursor.close()
    return [*seen, bench.run(f"SELECT id, v, w FROM {table}")]


def test_counts_and_numbers_are_the_same(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.script(UNRECORDED)
    mark = bench.journal.mark()
    assert observed(bench, "t") == observed(bench, "dataflow_model_registry")
    assert len(bench.journal.changes(mark)) > 10
    bench.run("DROP TABLE dataflow_model_registry")


def test_an_error_of_the_application_reads_the_same(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.script(UNRECORDED)
    errors = []
    for table in ("t", "dataflow_model_registry"):
        bench.run(f"INSERT INTO {table} (v) VALUES ('a')")
        with pytest.raises(bench.place.integrity_error, match=bench.kind.duplicate) as caught:
            bench.run(f"INSERT INTO {table} (v) VALUES ('a')")
        errors.append(re.sub(r"\b(dataflow_model_registry|t)(?=[._])", "TABLE", str(caught.value)))
    assert errors[0] == errors[1]
    bench.run("DROP TABLE dataflow_model_registry")


def test_tables_can_be_rebuilt_and_widened_while_they_are_recorded(bench: Bench) -> None:
    bench.start(SCHEMA)
    for statement in (
        "INSERT INTO plain VALUES (1, 2)",
        "CREATE TABLE plain2 (id INTEGER PRIMARY KEY, w INTEGER)",
        "INSERT INTO plain2 SELECT id, w FROM plain",
        "DROP TABLE plain",
        "ALTER TABLE plain2 RENAME TO plain",
        "ALTER TABLE plain ADD COLUMN z INTEGER",
        "INSERT INTO plain (id, w, z) VALUES (2, 3, 4)",
        "ALTER TABLE t ADD COLUMN z INTEGER",
        "INSERT INTO t (v, z) VALUES ('a', 1)",
    ):
        bench.run(statement)
    assert bench.run("SELECT id, w, z FROM plain ORDER BY id") == [(1, 2, None), (2, 3, 4)]
    bench.run("UPDATE t SET z = 2")
    assert bench.run("SELECT v, z FROM t") == [("a", 2)]
    bench.run("DROP TABLE t")


@pytest.mark.databases("sqlite", "postgresql")  # MariaDB refuses writes to the table until the next mark
def test_tables_and_columns_can_be_renamed_while_they_are_recorded(bench: Bench) -> None:
    bench.start(SCHEMA)
    bench.run("ALTER TABLE t RENAME COLUMN w TO y")
    bench.run("INSERT INTO t (v, y) VALUES ('a', 1)")
    bench.run("ALTER TABLE t RENAME TO u")
    bench.run("UPDATE u SET y = 2")
    assert bench.run("SELECT v, y FROM u") == [("a", 2)]
