"""The base state is there before anything of a test runs, whoever uses the database first; and it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from database_kinds import kinds_of
from inner_session import Project
from server_runs import GivenServers

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], auto_migrate=False, cache_enabled=False)

    @db.model
    class Item:
        id: str
        name: str = "x"
"""
# What knows nothing of the application or the kit.
RAW = """
    import os
    from urllib.parse import urlsplit

    def connected():
        url = os.environ["DATABASE_URL"]
        place = urlsplit(url)
        if url.startswith("sqlite"):
            import sqlite3
            return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        access = dict(host=place.hostname, port=place.port, user=place.username, password=place.password or "")
        if url.startswith("postgres"):
            import psycopg2
            connection = psycopg2.connect(dbname=place.path[1:], **access)
            connection.autocommit = True
            return connection
        import pymysql
        return pymysql.connect(database=place.path[1:], autocommit=True, **access)

    def run(statement):
        connection = connected()
        cursor = connection.cursor()
        cursor.execute(statement)
        rows = [] if cursor.description is None else [row[0] for row in cursor.fetchall()]
        cursor.close()
        connection.close()
        return sorted(rows)

    def add(key):
        run(f"INSERT INTO items (id, name) VALUES ('{key}', 'x')")

    def ids():
        return run("SELECT id FROM items")
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        kinds = kinds_of(metafunc, ["sqlite", "postgresql", "mysql"])
        metafunc.parametrize("kind", [pytest.param(kind, marks=_marks(kind)) for kind in kinds])


def _marks(kind: str) -> list[Any]:
    return [] if kind == "sqlite" else [pytest.mark.slow]


@pytest.fixture
def on_kind(kind: str, request: pytest.FixtureRequest) -> str:
    """The option for a session on a kind of database."""
    if kind == "sqlite":
        return "--testkit-database=sqlite"
    servers: GivenServers = request.getfixturevalue("given_servers")
    return f"--testkit-database={servers.of('mariadb' if kind == 'mysql' else kind).url}"


SQL_FIRST = """
    import unittest
    import pytest
    from raw import add, ids

    @pytest.fixture(scope="session", autouse=True)
    def of_session():
        add("session")
        yield
        assert ids() == ["session"]

    @pytest.fixture(scope="class")
    def of_class():
        add("class")

    def test_a_table_is_there():
        assert ids() == ["session"]
        add("own")

    class TestClass:
        def test_class(self, of_class):
            assert ids() == ["class", "session"]
            add("own")

    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            add("case")

        def setUp(self):
            add("each")

        def test_1(self):
            assert ids() == ["case", "each", "session"]

        def test_2(self):
            assert ids() == ["case", "each", "session"]

    async def test_the_kit_sees_the_same(kit):
        assert [row.id for row in await kit.rows("Item")] == ["session"]
"""
OF_SESSION_START = """
    from raw import add

    def pytest_sessionstart(session):
        if hasattr(session.config, "workerinput") or not session.config.option.numprocesses:
            add("start")
"""


@pytest.mark.databases
def test_sql_in_a_fixture_that_comes_before_all(shop: Project, on_kind: str) -> None:
    shop.write({"shop/models.py": MODELS, "raw.py": RAW, "test_sql.py": SQL_FIRST})
    shop.run(on_kind, "--testkit-verify").assert_outcomes(passed=5)


@pytest.mark.slow
def test_what_hooks_of_a_conftest_write_before_the_first_test_is_kept(shop: Project) -> None:
    tests = """
        import pytest
        from raw import add, ids

        @pytest.mark.parametrize("number", range(3))
        async def test_it(kit, number):
            assert ids() == ["start"]
            await kit.create("Item", id="own")
            add("other")
            await kit.delete("Item", "start")
    """
    shop.write({"shop/models.py": MODELS, "raw.py": RAW, "conftest.py": OF_SESSION_START, "test_start.py": tests})
    for options in ((), ("-n", "2")):
        shop.run("--testkit-verify", *options).assert_outcomes(passed=3)


DATAFLOW_FIRST = """
    import asyncio
    import unittest
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder

    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            from shop.models import db
            asyncio.run(db.express.create("Item", {"id": "case"}))

        def test_1(self):
            from shop.models import db
            assert [row["id"] for row in asyncio.run(db.express.list("Item"))] == ["case"]

    async def test_express():
        from shop.models import db
        assert await db.express.list("Item") == []
        assert (await db.express.create("Item", {"id": "a"}))["id"] == "a"

    async def test_a_workflow():
        import shop.models
        workflow = WorkflowBuilder()
        workflow.add_node("ItemCreateNode", "create", {"id": "a"})
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(workflow.build(), {})
        assert results["create"]["id"] == "a"

    async def test_a_model_that_is_registered_late():
        from shop.models import db

        @db.model
        class Late:
            id: str

    async def test_the_test_after_it(kit):
        from shop.models import db
        assert (await db.express.create("Late", {"id": "a"}))["id"] == "a"
        assert await kit.count("Late") == 1
        assert await kit.count("Item") == 0
"""


@pytest.mark.databases
def test_nodes_and_express_of_an_application_that_a_test_imports(shop: Project, on_kind: str) -> None:
    shop.write({"shop/models.py": MODELS, "test_nodes.py": DATAFLOW_FIRST})
    # DataFlow leaves its connections in the loops of asyncio.run().
    shop.run(on_kind, "--testkit-verify", "-W", "ignore").assert_outcomes(passed=5)


WRITTEN_AT_IMPORT = """
    import asyncio
    import os
    import threading
    import time
    from dataflow import DataFlow
    from raw import connected, run

    place = os.path.dirname(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        os.makedirs(place, exist_ok=True)
    kept = connected()  # as an application has one
    run("CREATE TABLE settings (name varchar(20) PRIMARY KEY)")
    run("INSERT INTO settings VALUES ('currency')")

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Item:
        id: str
        name: str = "x"

    async def seed():
        await db.express.create("Item", {"id": "seed"})

    asyncio.run(seed())

    def later():
        time.sleep(0.1)
        run("INSERT INTO settings VALUES ('late')")

    threading.Thread(target=later).start()
"""
KEPT = """
    import pytest
    from raw import add, ids, run
    import shop.models

    def settings():
        return run("SELECT name FROM settings")

    @pytest.mark.parametrize("number", range(2))
    def test_by_sql(number):
        assert ids() == ["seed"]
        assert settings() == ["currency", "late"]
        add("own")
        run("INSERT INTO settings VALUES ('own')")

    @pytest.mark.parametrize("number", range(2))
    async def test_by_the_kit(kit, number):
        from shop.models import kept
        await kit.delete("Item", "seed")
        run("DELETE FROM settings")
        await kit.reset()
        assert await kit.count("Item") == 1
        cursor = kept.cursor()
        cursor.execute("SELECT count(*) FROM settings")
        assert cursor.fetchone() == (2,)
        cursor.close()
        kept.commit()
        run("UPDATE settings SET name = name")
        await kit.delete("Item", "seed")

    @pytest.mark.parametrize("number", range(2))
    def test_a_rebuild_has_it_too(kit, number):
        assert settings() == ["currency", "late"]
        run("CREATE TABLE other (id int)")
        run("DROP TABLE settings")

    def test_at_the_end():
        assert (ids(), settings()) == (["seed"], ["currency", "late"])
"""


@pytest.mark.slow
@pytest.mark.databases
def test_what_the_application_writes_while_it_is_imported_is_kept(shop: Project, on_kind: str) -> None:
    shop.write({"shop/models.py": WRITTEN_AT_IMPORT, "raw.py": RAW, "test_kept.py": KEPT})
    shop.run_anew(on_kind, "--testkit-verify", "-W", "ignore").assert_outcomes(passed=7)


IMPORTED_BY_A_TEST = """
    import pytest

    def test_first():
        import shop.models
        from raw import add, ids
        assert ids() == ["seed"]
        add("own")

    def test_then(kit):
        from raw import ids, run
        assert ids() == ["seed"]
        assert "currency" in run("SELECT name FROM settings")
"""


def test_what_it_writes_is_kept_also_when_a_test_imports_it(shop: Project) -> None:
    models = WRITTEN_AT_IMPORT.replace("threading.Thread(target=later).start()", "")
    shop.write({"shop/models.py": models, "raw.py": RAW, "test_kept.py": IMPORTED_BY_A_TEST})
    shop.run("--testkit-verify").assert_outcomes(passed=2)


@pytest.mark.slow
def test_each_worker_has_the_base_state(shop: Project) -> None:
    shop.write({"shop/models.py": WRITTEN_AT_IMPORT, "raw.py": RAW})
    shop.write({f"test_kept_{number}.py": KEPT for number in range(2)})
    shop.run("-n", "2", "--dist", "loadfile", "-W", "ignore").assert_outcomes(passed=14)
    assert shop.left_behind() == []
