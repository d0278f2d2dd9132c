"""Rows of a wider fixture, and of the application's start-up, live exactly as long as it does."""

from __future__ import annotations

import pytest
from inner_session import Project

# Whoever is alive says so; each test begins with exactly the rows of those that are.
ALIVE = """
    import contextlib
    import os
    import sqlite3

    alive = set()

    @contextlib.contextmanager
    def living(name):
        alive.add(name)
        yield name
        alive.discard(name)

    def stored(table="items"):
        path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return sorted(name for (name,) in connection.execute(f"SELECT name FROM {table}"))
"""
API = """
    import contextlib
    import sqlite3
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.alive import living, stored
    from shop.models import db

    @contextlib.asynccontextmanager
    async def lifespan(app):
        await db.initialize()
        with contextlib.closing(sqlite3.connect(db.config.database.url.removeprefix("sqlite:///"))) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS settings (name TEXT)")
            connection.execute("INSERT INTO settings VALUES ('currency')")
            connection.commit()
        with living("start-up") as name:
            await db.express.create("Item", {"name": name})
            yield

    async def settings(request):
        return JSONResponse(stored("settings"))

    async def add(request):
        await db.express.create("Item", {"name": "by the api"})
        return JSONResponse({})

    app = Starlette(routes=[Route("/", settings), Route("/", add, methods=["POST"])], lifespan=lifespan)
"""
CONFTEST = """
    import pytest
    from kailash_testkit import Factory
    from shop.alive import alive, living, stored
    from shop.models import Item

    items = Factory(Item)

    @pytest.fixture(scope="session")
    async def of_session():
        with living("session") as name:
            row = await items.create(name=name)
            yield row
            await items.update(row.id, name="cleaned up")  # it may, and it makes no difference

    @pytest.fixture(scope="session")
    def of_session_late(kit):
        with living("session, late") as name:
            yield kit.create_sync("Item", name=name)

    @pytest.fixture(scope="package")
    def of_package(of_session):
        with living("package") as name:
            row = items.create_sync(name=name)
            yield row
            items.delete_sync(row.id)

    @pytest.fixture(scope="module")
    async def of_module():
        with living("module") as name:
            yield await items.create(name=name)

    @pytest.fixture(scope="module", params=["one", "two"])
    async def parametrised(request, of_module):
        with living(f"parameter {request.param}") as name:
            await items.create(name=name)
            yield name

    @pytest.fixture(scope="class")
    async def of_class():
        with living("class") as name:
            yield await items.create(name=name)

    @pytest.fixture(scope="module")
    async def failing():
        await items.create(name="of a fixture that fails")
        raise RuntimeError("on purpose")

    @pytest.fixture(scope="module")
    def skipping():
        items.create_sync(name="of a fixture that skips")
        pytest.skip("on purpose")

    @pytest.fixture(autouse=True)
    def exact(request, kit):
        wider = [name for name in request.fixturenames if name.startswith(("of_", "param"))]
        for name in wider:
            request.getfixturevalue(name)
        assert stored() == sorted(alive)
"""
TESTS = """
    import asyncio
    import pytest
    from kailash_testkit import Factory
    from shop.alive import alive, stored
    from shop.models import Item

    items = Factory(Item)

    async def test_without_any():
        await items.create(name="own")
        assert stored() == sorted([*alive, "own"])

    async def test_of_session(of_session):
        assert (await items.get(of_session.id)).name == "session"
        await items.delete(of_session.id)

    async def test_of_session_again(of_session):
        assert (await items.update(of_session.id, name="changed")).name == "changed"

    def test_of_package(of_package):
        assert "package" in stored()
        items.delete_sync(of_package.id)

    async def test_of_module(of_module):
        await items.create(name="own")

    async def test_of_module_again(of_module):
        assert "module" in stored()

    async def test_parametrised(parametrised):
        assert [name for name in stored() if name.startswith("parameter")] == [parametrised]
        await items.create(name="own")

    async def test_parametrised_again(parametrised, of_session):
        assert [name for name in stored() if name.startswith("parameter")] == [parametrised]

    class TestClass:
        async def test_of_class(self, of_class):
            await items.update(of_class.id, name="changed")

        async def test_of_class_again(self, of_class, of_session):
            assert "class" in stored()

    async def test_with_a_fixture_that_fails(failing):
        pass

    async def test_with_a_fixture_that_skips(skipping):
        pass

    def test_requested_in_mid_test(request, kit):
        kit.create_sync("Item", name="before")
        with kit.changes() as changes:
            request.getfixturevalue("of_session_late")
            kit.create_sync("Item", name="after")
        changes.assert_only(items.created(name="after"))
        assert stored() == sorted([*alive, "before", "after"])

    async def test_api(api, kit):
        await items.create(name="before")
        with kit.changes() as changes:
            await asyncio.gather(api.get("/"), api.get("/"))
            await api.post("/")
        changes.assert_only(items.created(name="by the api"))
        assert (await api.get("/")).json() == ["currency"]
        assert stored() == sorted([*alive, "before", "by the api"])
        assert "start-up" in alive

    async def test_api_again(api):
        assert (await api.get("/")).json() == ["currency"]
        assert stored() == sorted(alive)

    async def test_api_after_a_fixture(of_module, of_class, api):
        await items.create(name="own")
        assert (await api.get("/")).json() == ["currency"]
"""
FILES = ("one/__init__", "one/test_a", "one/test_b", "two/__init__", "two/test_c", "test_d")
# DataFlow warns when two loops use it by turns, as the synchronous tests make them; see test_loops.
TWO_LOOPS = ("-W", "ignore:AsyncSQLDatabaseNode GC'd:ResourceWarning")


@pytest.fixture
def scopes(shop: Project) -> Project:
    shop.write({"conftest.py": CONFTEST})
    shop.write({f"{name}.py": "" if name.endswith("__") else TESTS for name in FILES})
    return shop


@pytest.mark.slow
@pytest.mark.parametrize(("loops", "seed"), [("session", 1), ("function", 2)])
def test_in_random_order(scopes: Project, loops: str, seed: int) -> None:
    scopes.shop(asyncio_default_test_loop_scope=loops)
    scopes.write({"shop/alive.py": ALIVE, "shop/api.py": API})
    randomly = ("-p", "randomly", f"--randomly-seed={seed}")
    scopes.run(*TWO_LOOPS, "--testkit-verify", *randomly).assert_outcomes(passed=64, errors=4, skipped=4)


WITHOUT_THE_KIT = """
    import pytest
    from shop.models import db

    @pytest.fixture(scope="module")
    async def of_module():
        await db.express.create("Item", {"name": "module"})

    async def test_first(of_module):
        await db.express.create("Item", {"name": "own"})
        assert await db.express.count("Item") == 2

    async def test_second(of_module):
        assert await db.express.count("Item") == 1
"""


def test_a_fixture_that_is_the_first_to_write_and_does_not_know_the_kit(shop: Project) -> None:
    shop.write({"test_a.py": WITHOUT_THE_KIT, "test_b.py": WITHOUT_THE_KIT})
    shop.run("--testkit-verify").assert_outcomes(passed=4)


KEPT = """
    import pytest
    from kailash_testkit import Factory
    from shop.alive import alive, stored
    from shop.models import Item

    items = Factory(Item)

    @pytest.fixture(scope="module")
    async def of_module():
        await items.create(name="module")

    @pytest.mark.testkit(isolation="none")
    async def test_that_keeps_its_rows(of_module, api):
        await items.create(name="kept")
        await api.get("/")
        await items.create(name="kept too")

    async def test_that_does_not(of_module):
        await items.create(name="own")
        assert stored() == sorted([*alive, "kept", "kept too", "module", "own"])
"""
AFTER_KEPT = """
    from shop.alive import alive, stored

    def test_kept_rows_outlive_the_module_and_its_fixtures():
        assert stored() == sorted([*alive, "kept", "kept too"])
"""


def test_isolation_none_keeps_the_rows_of_the_test_and_no_others(shop: Project) -> None:
    shop.write({"shop/alive.py": ALIVE, "shop/api.py": API, "test_a.py": KEPT, "test_b.py": AFTER_KEPT})
    shop.run("--testkit-verify").assert_outcomes(passed=3)
