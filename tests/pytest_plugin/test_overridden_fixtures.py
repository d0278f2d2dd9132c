"""A project that says in code what others say in the ini file."""

from __future__ import annotations

from inner_session import Project

CONFTEST = """
    import pytest
    from shop.application import make_app, make_db

    @pytest.fixture(scope="session")
    def testkit_dataflow(tmp_path_factory):
        return make_db(f"sqlite:///{tmp_path_factory.mktemp('database')}/own.db")

    @pytest.fixture(scope="session")
    def testkit_app(testkit_dataflow):
        return make_app(testkit_dataflow)
"""
APPLICATION = """
    from dataflow import DataFlow
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def make_db(url):
        db = DataFlow(url, cache_enabled=False)

        @db.model
        class Item:
            id: int
            name: str

        return db

    def make_app(db):
        async def listed(request):
            return JSONResponse(await db.express.list("Item", limit=1000))

        return Starlette(routes=[Route("/items", listed)])
"""
TESTS = """
    import os
    from kailash_testkit import Factory

    items = Factory("Item")

    async def test_a_write_past_the_kit(testkit_dataflow):
        assert await testkit_dataflow.express.list("Item") == []
        await testkit_dataflow.express.create("Item", {"name": "a"})

    async def test_a_factory_without_a_fixture():
        assert await items.count() == 0
        await items.create()

    async def test_the_api(api, kit, testkit_database):
        assert (await api.get("/items")).json() == []
        await kit.create("Item", name="b")
        assert [item["name"] for item in (await api.get("/items")).json()] == ["b"]
        assert testkit_database.path.name == "own.db"
        assert "DATABASE_URL" not in os.environ

    async def test_another_write_past_the_kit(testkit_dataflow):
        assert await testkit_dataflow.express.list("Item") == []
"""


def test_fixtures_in_a_conftest_take_the_place_of_settings(project: Project) -> None:
    project.configure(
        asyncio_mode="auto",
        asyncio_default_fixture_loop_scope="session",
        asyncio_default_test_loop_scope="session",
    )
    project.write({"conftest.py": CONFTEST, "shop/application.py": APPLICATION, "test_items.py": TESTS})
    outcome = project.run()
    outcome.assert_outcomes(passed=4)
    assert "kailash-testkit:" not in outcome.output
    assert [*project.storage.iterdir()] == []


def test_fixtures_win_over_settings(shop: Project) -> None:
    shop.write(
        {
            "conftest.py": CONFTEST,
            "shop/application.py": APPLICATION,
            "test_items.py": TESTS.replace(
                'assert "DATABASE_URL" not in os.environ', 'assert "own.db" not in os.environ["DATABASE_URL"]'
            ),
        }
    )
    shop.run().assert_outcomes(passed=4)
    assert shop.left_behind() == []


FRESH = """
    import pytest
    from shop.application import make_app, make_db

    MADE = []

    @pytest.fixture
    def testkit_dataflow(tmp_path):
        MADE.append(make_db(f"sqlite:///{tmp_path}/own.db"))
        return MADE[-1]

    @pytest.fixture(autouse=True, scope="session")
    def closed():
        yield
        for db in MADE:
            db.close()
"""


def test_a_fixture_that_gives_another_instance_to_each_test(project: Project) -> None:
    tests = """
        from kailash_testkit import open_kits

        async def test_one(kit):
            await kit.create("Item", id=1, name="a")

        async def test_two(kit, testkit_dataflow):
            assert [each.dataflow for each in open_kits.kits()] == [testkit_dataflow]
            assert await kit.count("Item") == 0
            await kit.create("Item", id=1, name="b")
    """
    project.configure(asyncio_mode="auto")
    project.write(
        {"conftest.py": FRESH, "shop/__init__.py": "", "shop/application.py": APPLICATION, "test_it.py": tests}
    )
    project.run().assert_outcomes(passed=2)
