"""What is peculiar to PostgreSQL: schemas, partitions, four-byte floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from database_servers import POSTGRESQL, Server, required

from kailash_testkit.databases.postgresql.database import Database
from kailash_testkit.errors import UnsafeDatabase, UnsupportedDatabase


@pytest.fixture
def server() -> Server:
    return required(POSTGRESQL)


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with server.database() as url:
        yield url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def run(server: Server, url: str) -> Any:
    return lambda statement: server.run(statement, url)


def test_tables_of_other_schemas_go_by_their_schemas_name(database: Database, run: Any) -> None:
    run("CREATE TABLE notes (id SERIAL PRIMARY KEY)")
    run("CREATE SCHEMA audit")
    run('CREATE TABLE audit.notes (id SERIAL PRIMARY KEY, "odd%" TEXT)')
    run("INSERT INTO audit.notes VALUES (7, 'x')")
    assert database.row("audit.notes", 7) == {"id": 7, "odd%": "x"}
    assert database.tables() == ["notes", "audit.notes"] or database.tables() == ["audit.notes", "notes"]
    assert (database.count("notes"), database.count("audit.notes")) == (0, 1)
    with pytest.raises(UnsafeDatabase, match=r"it has rows in audit\.notes"):
        database.claim(allow_existing=True)
    database.advance_sequence_past("audit.notes", 7)
    assert database.last_generated_id("audit.notes") == 7
    database.empty()
    assert database.count("audit.notes") == 0


def test_a_partitioned_table_is_one(database: Database, run: Any) -> None:
    run("CREATE TABLE parts (id INTEGER, n INTEGER) PARTITION BY RANGE (n)")
    run("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)")
    run("CREATE TEMPORARY TABLE gone (id INTEGER)")
    run("INSERT INTO parts VALUES (1, 5)")
    assert database.tables() == ["parts"]
    assert database.count("parts") == 1
    database.empty()
    assert database.count("parts") == 0


def test_rows_that_triggers_write_while_emptying_are_deleted(database: Database, run: Any) -> None:
    run("CREATE TABLE noted (id INTEGER)")
    run("CREATE TABLE history (id INTEGER)")
    run(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO history VALUES (OLD.id); RETURN OLD; END $$"
    )
    run("CREATE TRIGGER note AFTER DELETE ON noted FOR EACH ROW EXECUTE FUNCTION note()")
    run("INSERT INTO noted VALUES (1)")
    database.empty()
    assert database.count("history") == 0


def test_floats_are_told_as_their_column_keeps_them(database: Database, run: Any) -> None:
    run("CREATE TABLE floats (id INTEGER, small REAL, large DOUBLE PRECISION)")
    asked = {"id": 1, "small": 0.1 + 0.2, "large": 0.1 + 0.2}
    kept = database.at_column_precision("floats", asked)
    assert kept == {"id": 1, "small": 0.3, "large": 0.1 + 0.2}
    run("INSERT INTO floats VALUES (1, 0.30000000000000004, 0.30000000000000004)")
    assert database.row("floats", 1) == kept
    as_asyncpg_reads_it = {"small": 0.30000001192092896}
    assert database.at_column_precision("floats", as_asyncpg_reads_it) == {"small": 0.3}


def test_a_role_that_may_not_mark_it_is_told_what_is_missing(server: Server, url: str) -> None:
    place = server.parts(url)
    role = f"ktk_u_{place.database[-12:]}"
    server.run(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        database = Database(f"postgresql://{role}:secret@{url.rpartition('@')[2]}")
        with pytest.raises(UnsupportedDatabase, match=r"(?s)cannot be marked.*GRANT CREATE ON DATABASE"):
            database.claim(allow_existing=True)
        database.close()
    finally:
        server.run(f"DROP ROLE {role}")
