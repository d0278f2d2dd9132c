"""Event loops that pytest-asyncio did not make: what the kit and DataFlow connect in them ends with them."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from database_kinds import kinds_of
from inner_session import Project
from server_runs import GivenServers
from soak import SOAK

TESTS = 40 if SOAK else 8  # in each kind of loop
MANY = 300 if SOAK else 40  # of one kind

# Connections of the server to the test database, as the kit's own connection sees them.
USAGE = """
    import os
    from urllib.parse import urlsplit

    seen = []

    def connections():
        url = urlsplit(os.environ["DATABASE_URL"])
        where = {"host": url.hostname, "port": url.port, "user": url.username, "password": url.password or ""}
        if url.scheme.startswith("postgresql"):
            import psycopg2
            made = psycopg2.connect(dbname=url.path[1:], **where)
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        else:
            import pymysql
            made = pymysql.connect(database=url.path[1:], **where)
            query = "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
        with made.cursor() as cursor:
            cursor.execute(query)
            (count,) = cursor.fetchone()
        made.close()
        return count

    def note():
        seen.append(connections())
"""
HEAD = """
    import asyncio, unittest
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item, db
    from usage import note, seen

    items = Factory(Item)

    async def work():
        assert await items.count() == 0
        await items.create(name="factory")
        await db.express.create("Item", {"name": "express"})

    many = pytest.mark.parametrize("n", range(TESTS))
"""
MODULES = {
    "anyio": """
    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @many
    @pytest.mark.anyio
    async def test_anyio(n, api):
        await work()
        await api.expect(201).post("/items", json={"name": "api"})
        assert len((await api.get("/items")).json()) == 3
        note()
    """,
    "anyio_uvloop": """
    @pytest.fixture
    def anyio_backend():
        return "asyncio", {"use_uvloop": True}

    @many
    @pytest.mark.anyio
    async def test_uvloop(n, api):
        assert type(asyncio.get_running_loop()).__module__ == "uvloop"
        await work()
        await api.expect(201).post("/items", json={"name": "api"})
        note()
    """,
    "anyio_module": """
    @pytest.fixture(scope="module")
    def anyio_backend():
        return "asyncio"

    @pytest.fixture(scope="module")
    async def loop(anyio_backend):
        yield asyncio.get_running_loop()

    tasks = []

    @many
    @pytest.mark.anyio
    async def test_one_loop_for_a_module(n, api, loop):
        assert asyncio.get_running_loop() is loop
        assert all(task.done() for task in tasks)
        await work()
        await api.expect(201).post("/items", json={"name": "api"})

        async def written_late():
            await asyncio.sleep(0.01)
            await items.create(name="after the test")

        tasks.append(asyncio.create_task(written_late()))
        note()
    """,
    "unittest": """
    class TestCase(unittest.IsolatedAsyncioTestCase):
        pass

    def made(n):
        async def test(self):
            await work()
            note()
        return test

    for n in range(TESTS):
        setattr(TestCase, f"test_{n}", made(n))
    """,
    "run": """
    @many
    def test_run(n):
        asyncio.run(work())
        note()

    @many
    def test_application_alone(n):
        asyncio.run(db.express.create("Item", {"name": "express"}))
        note()
    """,
    "closed": """
    @many
    def test_a_loop_that_is_just_closed(n):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(work())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        note()
    """,
    "last": """
    def test_connections_stay_flat():
        note()
        assert max(seen) - seen[1] <= 3, seen  # pools may have fewer connections in some loops
    """,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", kinds_of(metafunc, ["postgresql", "mysql"]))


@pytest.mark.databases
@pytest.mark.slow
def test_connections_of_a_server_stay_flat_in_every_kind_of_loop(
    shop: Project, kind: str, given_servers: GivenServers
) -> None:
    write(shop, given_servers, kind, TESTS, *MODULES)
    shop.run("-q").assert_outcomes(passed=7 * TESTS + 1)


@pytest.mark.databases
@pytest.mark.slow
@pytest.mark.parametrize(
    ("loop", "each"),
    [("anyio", 1), ("anyio_module", 1), ("anyio_uvloop", 1), ("unittest", 1), ("run", 2), ("closed", 1)],
)
def test_connections_of_a_server_stay_flat_over_many_tests(
    shop: Project, kind: str, given_servers: GivenServers, loop: str, each: int
) -> None:
    write(shop, given_servers, kind, MANY, loop, "last")
    shop.run("-q", timeout=600).assert_outcomes(passed=each * MANY + 1)


def write(shop: Project, servers: GivenServers, kind: str, tests: int, *modules: str) -> None:
    """Writes a suite for a server: so many tests in each of these kinds of loop."""
    url = servers.of({"postgresql": "postgresql", "mysql": "mariadb"}[kind]).url
    shop.configure_more(asyncio_mode="strict", testkit_database=url)
    texts = {f"test_{number}_{name}.py": HEAD + MODULES[name] for number, name in enumerate(modules)}
    shop.write({"usage.py": USAGE, **{name: text.replace("TESTS", str(tests)) for name, text in texts.items()}})


TRIO = """
    import pytest

    class TestParameter:
        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(self, request):
            return request.param

        @pytest.mark.anyio
        async def test_by_a_parameter(self, api):
            await api.get("/items")

    class TestChosen:
        @pytest.fixture
        def anyio_backend(self):
            return "trio", {}

        @pytest.mark.anyio
        async def test_by_a_fixture(self, kit):
            raise AssertionError("not refused")

        def test_that_is_synchronous(self):
            pass
"""
WITHOUT_A_FIXTURE = """
    import pytest
    from kailash_testkit import ConfigurationError, Factory
    from shop.models import Item

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["trio"])
    async def test_without_a_fixture():
        with pytest.raises(ConfigurationError, match="anyio_backend"):
            await Factory(Item).create(name="a")
"""


@pytest.mark.slow
def test_trio_is_refused_before_the_test_runs(shop: Project) -> None:
    shop.configure_more(asyncio_mode="strict")
    shop.write({"test_trio.py": TRIO})
    outcome = shop.run("-q")
    outcome.result.assert_outcomes(passed=2, errors=1, failed=1)
    for title in ("ERROR at setup of TestParameter.test_by_a_parameter[trio]", "TestChosen.test_by_a_fixture"):
        text = outcome.explanation(title)
        assert "under trio, and the kit works under asyncio only" in text
        assert 'let a fixture anyio_backend return "asyncio"' in text


@pytest.mark.skipif(find_spec("trio") is None, reason="needs trio, which warns where hypothesis comes after it")
def test_trio_is_refused_where_no_fixture_is_used(shop: Project) -> None:
    shop.configure_more(asyncio_mode="strict")
    shop.write({"test_trio.py": WITHOUT_A_FIXTURE})
    shop.run("-q", "-p", "no:hypothesispytest").result.assert_outcomes(passed=1)
