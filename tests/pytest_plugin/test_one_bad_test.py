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


@pytest.mark.slow
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


# What destroys the journal itself, or ends the kit's sessions: nothing in the database tells how to go back.
DESTROYED = {
    "postgresql": """
    def run(statement):
        import psycopg2
        connection = psycopg2.connect(URL)
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def test_bad():
        run("DROP SCHEMA dataflow_testkit CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def test_bad_too():
        run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database() AND application_name LIKE '%testkit%'; DELETE FROM items")
    """,
    "mysql": """
    def run(*statements):
        import pymysql
        from urllib.parse import urlsplit
        place = urlsplit(URL)
        user = {"user": place.username, "password": place.password or ""}
        connection = pymysql.connect(host=place.hostname, port=place.port, database=place.path[1:], **user)
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return connection, cursor

    def test_bad():
        connection, cursor = run("SET foreign_key_checks = 0", "SHOW TABLES")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE `{name}`")
        connection.close()

    def test_bad_too():
        connection, cursor = run("DELETE FROM items", "SELECT id FROM information_schema.processlist"
                                 " WHERE db = database() AND id <> connection_id()")
        connection.commit()
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")
        connection.close()
    """,
}
WITH_ROWS_OF_THE_APPLICATION = """
    import asyncio
    from dataflow import DataFlow
    import os

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Item:
        id: int
        name: str

    @db.model
    class Setting:
        id: int
        value: str

    asyncio.run(db.create_tables_async())
    asyncio.run(db.express.create("Setting", {"value": "of the application"}))
"""
SETTINGS_ARE_THERE = """
    from shop.models import Setting
    settings = Factory(Setting)

    @pytest.fixture(autouse=True)
    async def there(clean):
        assert [row.value for row in await settings.rows()] == ["of the application"]
"""


@pytest.mark.slow
@pytest.mark.databases("postgresql", "mysql")
def test_a_database_whose_journal_is_lost_is_made_again(shop: Project, database_kind: Kind) -> None:
    bad = DESTROYED[database_kind.name]
    shop.write({"shop/models.py": WITH_ROWS_OF_THE_APPLICATION, "test_it.py": HEAD + SETTINGS_ARE_THERE + bad + USUAL})
    outcome = shop.run(*LEFT, f"--testkit-database={KINDS[database_kind.name].server.url}")  # type: ignore[attr-defined]
    assert errors(outcome) == {"test_bad", "test_bad_too"}
    outcome.result.assert_outcomes(passed=3 + 2, errors=2)
    assert "the kit's journal was" in outcome.explanation("ERROR at teardown of test_bad")
    assert "could not be put back" in outcome.explanation("ERROR at teardown of test_bad_too")


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


FULL = """
    def test_bad():
        import resource
        written = Path(PATH + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
        with sqlite3.connect(PATH) as connection:
            connection.execute("INSERT INTO items (name) VALUES (?)", ("x" * 4_000_000,))
"""
FULL_DISKS = {
    "with room for a clean log": ("written + 1_000_000", {"failed": 1, "passed": 3}),
    "with room for a new file": ("written", {"failed": 1, "errors": 1, "passed": 3}),
    "with no room": ("30_000", {"failed": 1, "errors": 1}),
}


@pytest.mark.slow
@pytest.mark.parametrize("full", FULL_DISKS)
def test_a_full_disk_costs_one_test_or_stops_the_session(shop: Project, full: str) -> None:
    """A limit on the size of files stands for the disk."""
    limit, counts = FULL_DISKS[full]
    shop.write({"test_it.py": HEAD + FULL.format(limit=limit) + USUAL})
    outcome = shop.run("--capture=sys", *LEFT)  # else the output is a file too
    outcome.result.assert_outcomes(**counts)
    stops = "no test can start on a clean database any more: the test database"
    assert outcome.output.count(stops) == ("passed" not in counts)
    if "errors" in counts:
        assert "disk I/O error" in outcome.explanation("ERROR at teardown of test_bad")


KILLED = """
    def test_bad():
        import signal, time
        killed, parents = [], {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_text()
                parents[folder.name] = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:  # it has ended
                continue
            if os.environ["OWN_STORAGE"] in command and "pytest" not in command:
                os.kill(int(folder.name), signal.SIGKILL)
                killed.append(folder.name)
        assert killed
        own = [child for child, parent in parents.items() if parent in killed]
        while any(Path("/proc", child).exists() for child in own):  # processes of PostgreSQL end by themselves
            time.sleep(0.01)
"""


@pytest.mark.slow
@pytest.mark.databases("postgresql", "mysql")
def test_a_server_that_is_killed_stops_the_session(shop: Project, database_kind: Kind) -> None:
    setting = {"postgresql": "postgresql", "mysql": "mariadb"}[database_kind.name]
    shop.write({"test_it.py": HEAD + KILLED + USUAL})
    outcome = shop.run(*LEFT, f"--testkit-database={setting}")
    outcome.result.assert_outcomes(passed=1, errors=1)
    assert "could not be put back" in outcome.explanation("ERROR at teardown of test_bad")
    assert outcome.output.count("no test can start on a clean database any more: the database") == 1
