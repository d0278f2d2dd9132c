"""One bad test costs one test: the next one starts on a clean database, or the session stops and says why, once."""

from __future__ import annotations

import re

import pytest
from database_kinds import KINDS, Kind
from inner_session import Outcome, Project

HEAD = """
    import asyncio, os, sqlite3, subprocess, sys, threading
    from pathlib import Path
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item, db

    items = Factory(Item)
    URL = os.environ["DATABASE_URL"]
    PATH = URL.removeprefix("sqlite:///")
    held = []

    @pytest.fixture(scope="session", autouse=True)
    def reference(kit):
        items.create_sync(name="reference")

    @pytest.fixture(autouse=True)
    async def clean(reference):
        assert [row.name for row in await items.rows()] == ["reference"]
        assert (await items.create(name="of this test")).id == 2
"""
SQLITE = """
    def test_of_sqlite3():
        held.append(sqlite3.connect(PATH))
        held[-1].execute("DELETE FROM items")

    async def test_of_aiosqlite():
        import aiosqlite
        held.append(await aiosqlite.connect(PATH))
        await held[-1].execute("DELETE FROM items")

    def test_of_a_thread():
        begun, done = threading.Event(), threading.Event()
        def hold():
            connection = sqlite3.connect(PATH, isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            begun.set()
            done.wait(20)
            connection.close()
        threading.Thread(target=hold, name="holder", daemon=True).start()
        begun.wait()

    def test_all_tables_are_dropped():
        connection = sqlite3.connect(PATH)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TABLE {name}")
        connection.commit()
        connection.close()

    async def test_the_file_is_deleted():
        for suffix in ("", "-wal", "-shm"):
            Path(PATH + suffix).unlink(missing_ok=True)
        await db.create_tables_async()
        await items.create(name="in a new file")

    async def test_usual(api):
        assert (await api.post("/items", json={"name": "posted"})).status_code == 201
        assert await items.count() == 3
"""
LOCKED = {"test_of_sqlite3", "test_of_aiosqlite", "test_of_a_thread"}
# What the tests do not close is theirs: the kit closed it, and the interpreter says so of the rest.
LEFT = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning", "-W", "ignore::ResourceWarning")


def errors(outcome: Outcome) -> set[str]:
    return set(re.findall(r"^ERROR test_it\.py::(\S+)", outcome.output, re.MULTILINE))


def test_each_bad_test_fails_by_itself_and_the_next_starts_clean(shop: Project) -> None:
    shop.write({"test_it.py": HEAD + SQLITE})
    outcome = shop.run(*LEFT)
    assert errors(outcome) == LOCKED
    outcome.result.assert_outcomes(passed=6, errors=len(LOCKED))
    for test in LOCKED:
        text = outcome.explanation(f"ERROR at teardown of {test}")
        assert "is locked by an open transaction" in text
        assert f"left by test_it.py::{test}" in text
    assert "in a transaction: rolled back and closed" in outcome.explanation("ERROR at teardown of test_of_sqlite3")
    assert "aiosqlite connection" in outcome.explanation("ERROR at teardown of test_of_aiosqlite")
    assert "the database is made again in a new one" in outcome.explanation("ERROR at teardown of test_of_a_thread")


SERVERS = {
    "postgresql": """
    async def test_bad():
        import asyncpg
        held.append(await asyncpg.connect(URL))
        await held[-1].execute("BEGIN")
        await held[-1].execute("DELETE FROM items")

    async def test_bad_of_dataflow():
        held.append(db.transactions.begin())
        scope = await held[-1].__aenter__()
        await scope.execute_raw("DELETE FROM items")

    def test_bad_too():
        import psycopg2
        held.append(psycopg2.connect(URL))
        held[-1].cursor().execute("DELETE FROM items")
    """,
    "mysql": """
    def test_bad():
        import pymysql
        from urllib.parse import urlsplit
        place = urlsplit(URL)
        user = {"user": place.username, "password": place.password or ""}
        held.append(pymysql.connect(host=place.hostname, port=place.port, database=place.path[1:], **user))
        held[-1].cursor().execute("DELETE FROM items")
    """,
}
USUAL = """
    @pytest.mark.parametrize("number", range(3))
    def test_usual(number):
        pass
"""


@pytest.mark.slow
@pytest.mark.databases("postgresql", "mysql")
def test_a_session_on_a_server_that_stays_in_a_transaction_is_ended(shop: Project, database_kind: Kind) -> None:
    bad = SERVERS[database_kind.name]
    shop.write({"test_it.py": HEAD + bad + USUAL})
    outcome = shop.run(*LEFT, f"--testkit-database={KINDS[database_kind.name].server.url}")  # type: ignore[attr-defined]
    wanted = set(re.findall(r"def (test_bad\w*)", bad))
    assert errors(outcome) == wanted
    outcome.result.assert_outcomes(passed=3 + len(wanted), errors=len(wanted))
    for test in wanted:
        assert "rolled back and closed" in outcome.explanation(f"ERROR at teardown of {test}")


STOPS = """
    def test_a_folder_takes_the_place_of_the_file():
        for suffix in ("", "-wal", "-shm"):
            Path(PATH + suffix).unlink(missing_ok=True)
        Path(PATH, "of the user").mkdir(parents=True)
"""


def test_the_session_stops_where_no_clean_database_can_be_had(shop: Project) -> None:
    shop.write({"test_it.py": HEAD + STOPS + USUAL})
    outcome = shop.run()
    outcome.result.assert_outcomes(passed=1, errors=1)
    assert "could not be made again" in outcome.explanation(
        "ERROR at teardown of test_a_folder_takes_the_place_of_the_file"
    )
    assert len(re.findall("no test can start on a clean database any more: the test database", outcome.output)) == 1
