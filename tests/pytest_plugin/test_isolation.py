"""Tests do not see each other's rows, whatever way they wrote them, and however they ended."""

from __future__ import annotations

import pytest
from inner_session import Project

# Every test wants an empty database and leaves a row in it, each in another way.
TESTS = """
    import os
    import sqlite3
    from contextlib import closing
    import warnings
    import pytest
    from kailash_testkit import Factory
    from shop.api import app
    from shop.models import Item, db

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # starlette prefers httpx2 to httpx
        from starlette.testclient import TestClient

    items = Factory(Item)

    def connected():
        return closing(sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///")))

    async def test_by_a_factory():
        assert await items.count() == 0
        assert (await items.create()).id == 1

    def test_by_a_factory_without_a_loop():
        assert items.count_sync() == 0
        assert items.create_sync().id == 1

    async def test_by_the_api(api):
        assert (await api.get("/items")).json() == []
        await api.expect(201).post("/items", json={"name": "a"})

    async def test_by_express():
        assert await db.express.list("Item") == []
        await db.express.create("Item", {"name": "a"})

    def test_by_raw_sql():
        with connected() as connection, connection:
            if connection.execute("SELECT name FROM sqlite_master WHERE name = 'items'").fetchall():
                assert connection.execute("SELECT * FROM items").fetchall() == []
            else:
                columns = "id INTEGER PRIMARY KEY, name TEXT, created_at, updated_at"
                connection.execute(f"CREATE TABLE items ({columns})")
            connection.execute("INSERT INTO items (name) VALUES ('a')")

    def test_by_the_users_own_client():
        with TestClient(app) as client:
            assert client.get("/items").json() == []
            client.post("/items", json={"name": "a"})

    async def test_by_one_that_fails(kit):
        assert await kit.count("Item") == 0
        await kit.create("Item")
        assert "on purpose" == ""

    @pytest.fixture
    async def broken():
        assert await items.count() == 0
        await items.create()
        raise RuntimeError("on purpose")

    async def test_by_an_error_in_set_up(broken):
        pass

    @pytest.fixture
    async def breaking():
        yield
        await items.create()
        raise RuntimeError("on purpose")

    async def test_by_an_error_in_tear_down(breaking):
        assert await items.count() == 0

    class TestInAClass:
        async def test_first(self):
            assert await items.count() == 0
            await items.create()

        @pytest.mark.skip
        async def test_skipped(self):
            await items.create()

        @pytest.mark.xfail(strict=True, raises=ZeroDivisionError)
        async def test_expected_to_fail(self):
            assert await items.count() == 0
            await items.create()
            1 / 0
"""
EXPECTED = {"passed": 8, "failed": 1, "errors": 2, "skipped": 1, "xfailed": 1}


def test_each_test_starts_from_an_empty_database(shop: Project) -> None:
    shop.write({"test_items.py": TESTS})
    shop.run().assert_outcomes(**EXPECTED)
    assert shop.left_behind() == []


@pytest.mark.slow
def test_in_any_order_and_twice_in_a_row(shop: Project) -> None:
    shop.shop(asyncio_default_fixture_loop_scope="function", asyncio_default_test_loop_scope="function")
    shop.write({"test_items.py": TESTS, "test_same.py": TESTS})
    twice = {name: 2 * count for name, count in EXPECTED.items()}
    for seed in (1, 2):
        shop.run("-p", "randomly", f"--randomly-seed={seed}").assert_outcomes(**twice)


KEPT = """
    import pytest
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    @pytest.mark.testkit(isolation="none")
    async def test_that_keeps_its_rows():
        await items.create(name="kept")

    @pytest.mark.testkit(isolation="none")
    async def test_that_sees_and_keeps_them():
        assert await items.count(name="kept") == 1

    async def test_that_sees_them_too():
        assert await items.count(name="kept") == 1
        await items.create(name="own")
"""


FIRST_PAST_THE_KIT = """
    from kailash_testkit import Factory
    from shop.models import Item, db

    async def test_that_writes_before_the_kit_is_there():
        await db.express.create("Item", {"name": "express"})
        await Factory(Item).create(name="factory")

    async def test_next():
        assert await db.express.list("Item") == []
"""


def test_rows_that_were_written_before_the_kit_was_used_go_and_with_isolation_none_rows_stay(
    shop: Project,
) -> None:
    shop.write({"test_1_first.py": FIRST_PAST_THE_KIT, "test_2_kept.py": KEPT})
    shop.run().assert_outcomes(passed=5)
