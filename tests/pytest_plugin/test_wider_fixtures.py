"""Rows that a fixture of wider scope seeds live exactly as long as the fixture."""

from __future__ import annotations

import pytest
from inner_session import Project

CONFTEST = """
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    async def names():
        return sorted(row.name for row in await items.rows())

    @pytest.fixture(scope="session")
    async def of_session():
        await items.create(name="session")

    @pytest.fixture(scope="module")
    async def of_module(of_session):
        await items.create(name="module")

    @pytest.fixture(scope="class")
    async def of_class():
        await items.create(name="class")
        yield
        assert "class" in await names()

    @pytest.fixture(scope="module", params=["red", "blue"])
    async def colour(request):
        await items.create(name=request.param)
        return request.param
"""
FIRST = """
    import pytest
    from conftest import items, names

    async def test_before_any():
        assert await names() == []

    async def test_module(of_module):
        assert await names() == ["module", "session"]
        await items.create(name="own")

    async def test_that_does_not_request_what_is_there():
        assert await names() == ["module", "session"]

    async def test_that_deletes_and_changes_it(of_module):
        session = await items.find(name="session")
        await items.delete(session.id)
        await items.update((await items.find(name="module")).id, name="changed")
        assert await names() == ["changed"]

    async def test_that_fails(of_module):
        assert await names() == ["module", "session"]
        await items.create(name="own")
        assert False

    class TestClass:
        async def test_class(self, of_class, api):
            assert await names() == ["class", "module", "session"]
            await api.post("/items", json={"name": "own"})

        async def test_class_again(self):
            assert await names() == ["class", "module", "session"]

    async def test_after_the_class():
        assert await names() == ["module", "session"]
"""
SECOND = """
    import pytest
    from conftest import items, names

    async def test_after_the_first_module():
        assert await names() == ["session"]

    async def test_parameters(colour):
        assert await names() == sorted([colour, "session"])
        await items.create(name="own")

    async def test_parameters_again(colour):
        assert await names() == sorted([colour, "session"])

    @pytest.fixture(scope="module")
    async def failing():
        await items.create(name="failing")
        raise RuntimeError("on purpose")

    async def test_that_errs(failing):
        pass
"""
THIRD = """
    import pytest
    from conftest import items, names

    async def test_after_a_fixture_that_failed():
        assert await names() == ["session"]

    @pytest.fixture(scope="module")
    def by_sync_call():
        items.create_sync(name="sync")

    def test_sync(by_sync_call):
        assert sorted(row.name for row in items.rows_sync()) == ["session", "sync"]
        items.create_sync(name="own")

    def test_sync_again():
        assert sorted(row.name for row in items.rows_sync()) == ["session", "sync"]

    @pytest.fixture(scope="module")
    def late():
        items.create_sync(name="late")

    def test_requested_in_mid_test(request):
        items.create_sync(name="own")
        request.getfixturevalue("late")
        assert sorted(row.name for row in items.rows_sync()) == ["late", "own", "session", "sync"]

    def test_after_it_was_requested_in_mid_test():
        assert sorted(row.name for row in items.rows_sync()) == ["late", "session", "sync"]
"""


@pytest.mark.slow
def test_rows_live_as_long_as_their_fixture(shop: Project) -> None:
    shop.write({"conftest.py": CONFTEST, "test_1.py": FIRST, "test_2.py": SECOND, "test_3.py": THIRD})
    shop.run("--testkit-verify").assert_outcomes(passed=17, failed=1, errors=1)


STARTUP = """
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    @asynccontextmanager
    async def lifespan(app):
        await db.express.create("Item", {"name": "startup"})
        yield

    async def listed(request):
        return JSONResponse(sorted(row["name"] for row in await db.express.list("Item")))

    app = Starlette(routes=[Route("/items", listed)], lifespan=lifespan)
"""
STARTUP_TESTS = """
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    async def test_first(api):
        await items.create(name="own")
        assert (await api.get("/items")).json() == ["own", "startup"]

    async def test_second(api):
        assert (await api.get("/items")).json() == ["startup"]
        await items.delete((await items.find(name="startup")).id)

    async def test_third(api):
        assert (await api.get("/items")).json() == ["startup"]
"""


@pytest.mark.slow
def test_rows_of_the_applications_startup_live_as_long_as_the_application(shop: Project) -> None:
    shop.write({"shop/api.py": STARTUP, "test_startup.py": STARTUP_TESTS})
    shop.run().assert_outcomes(passed=3)
    shop.shop(asyncio_default_fixture_loop_scope="function", asyncio_default_test_loop_scope="function")
    shop.write({"shop/api.py": STARTUP})
    shop.run().assert_outcomes(passed=3)
