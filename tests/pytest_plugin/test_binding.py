"""Factories hit the right DataFlow instance, however the application makes it and whoever calls them."""

from __future__ import annotations

import pytest
from inner_session import Project
from soak import SOAK

# What is stored is read by sqlite3 alone, from the file that is expected to hold it.
HELPERS = """
    import os
    import sqlite3
    from contextlib import closing

    def file():
        return os.environ["DATABASE_URL"].removeprefix("sqlite:///")

    def names(path=None):
        with closing(sqlite3.connect(path or file())) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM items ORDER BY name")]
"""

# Three ways to call a factory, for each of the applications; {items} is the factory.
NO_FIXTURE = """
    from stored import names
    {imports}

    async def test_without_a_fixture():
        await {items}.create(name="alone")
        assert names() == ["alone"]
"""
SYNC_FIXTURE = """
    import pytest
    from stored import names
    {imports}

    @pytest.fixture(scope="module")
    def seeded():
        return {items}.create_sync(name="seeded")

    async def test_with_a_module_fixture(seeded):
        await {items}.create(name="own")
        assert names() == ["own", "seeded"]
"""
ASYNC_FIXTURE = """
    import pytest
    from stored import names
    {imports}

    @pytest.fixture(scope="module")
    async def seeded():
        return await {items}.create(name="seeded")

    async def test_with_an_async_module_fixture(seeded):
        await {items}.create(name="own")
        assert names() == ["own", "seeded"]
"""
API_TEST = """
    from stored import names
    from kailash_testkit import Factory

    async def test_the_api_and_a_factory_meet(api):
        await api.expect(201).post("/items", json={"name": "api"})
        await Factory("Item").create(name="factory")
        assert names() == ["api", "factory"]
        assert len((await api.get("/items")).json()) == 2
"""


def write_tests(project: Project, imports: str, items: str) -> None:
    ways = {"no_fixture": NO_FIXTURE, "sync_fixture": SYNC_FIXTURE, "async_fixture": ASYNC_FIXTURE}
    for name, text in ways.items():
        project.write({f"test_{name}.py": text.replace("{imports}", imports).replace("{items}", items)})
    project.write({"stored.py": HELPERS})


TWO_WORKERS = ("-n", "2", "--dist", "loadfile")
ONE_OR_TWO = pytest.mark.parametrize(
    "workers", [(), TWO_WORKERS] if SOAK else [()], ids=lambda words: " ".join(words) or "one process"
)


@ONE_OR_TWO
def test_a_module_level_instance(shop: Project, workers: tuple[str, ...]) -> None:
    write_tests(shop, "from kailash_testkit import Factory; from shop.models import Item", "Factory(Item)")
    shop.write({"test_api.py": API_TEST})
    shop.run(*workers).assert_outcomes(passed=4)
    assert shop.left_behind() == []


# Without migrations: what DataFlow would make at its first use, only the kit makes.
LATE_API = """
    import os
    from dataflow import DataFlow
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    made = []

    def get_db():
        if not made:
            made.append(DataFlow(os.environ["DATABASE_URL"], cache_enabled=False, auto_migrate=False))
        return made[0]

    def create_app():
        db = get_db()

        @db.model
        class Item:
            id: int
            name: str

        async def listed(request):
            return JSONResponse(await db.express.list("Item", limit=1000))

        async def created(request):
            await db.express.create("Item", await request.json())
            return JSONResponse({}, 201)

        return Starlette(routes=[Route("/items", listed), Route("/items", created, methods=["POST"])])
"""


@pytest.mark.slow
@ONE_OR_TWO
def test_models_that_create_app_registers_late(shop: Project, workers: tuple[str, ...]) -> None:
    shop.shop(testkit_dataflow="shop.api:get_db", testkit_app="shop.api:create_app")
    shop.write({"shop/api.py": LATE_API})
    write_tests(shop, "from kailash_testkit import Factory", 'Factory("Item")')
    shop.write({"test_api.py": API_TEST})
    shop.run(*workers).assert_outcomes(passed=4)
    assert shop.left_behind() == []


TWO_INSTANCES = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)
    archive = DataFlow(os.environ["DATABASE_URL"] + ".archive", cache_enabled=False)

    @db.model
    class Item:
        id: int
        name: str

    ShopItem = Item

    @archive.model
    class Item:
        id: int
        name: str
        reason: str

    ArchivedItem = Item
"""
ARCHIVE_TESTS = """
    import pytest
    from kailash_testkit import Factory
    from shop.models import ArchivedItem, ShopItem, archive, db
    from stored import file, names

    archived = Factory(ArchivedItem)

    def both():
        return names(), names(file() + ".archive")

    @pytest.fixture(scope="module", params=["sync", "async"])
    def way(request):
        return request.param

    async def test_each_class_belongs_to_its_instance():
        await Factory(ArchivedItem).create(name="old")
        await Factory(ShopItem).create(name="new")
        assert both() == (["new"], ["old"])

    async def test_a_name_is_of_the_instance_in_the_settings_or_of_the_given_one():
        await Factory("Item").create(name="new")
        await Factory("Item", dataflow=archive).create(name="old")
        assert both() == (["new"], ["old"])

    async def test_fixtures_are_no_hindrance(kit, way):
        assert kit.dataflow is db
        await kit.create("Item", name="new")
        assert Factory(ArchivedItem).create_sync(name="old").reason
        assert both() == (["new"], ["old"])
        assert await archived.count(name="old") == 1

    def test_nothing_is_left_in_either():
        assert both() == ([], [])
"""


@pytest.mark.slow
@ONE_OR_TWO
def test_two_instances_with_a_model_of_the_same_name(shop: Project, workers: tuple[str, ...]) -> None:
    shop.shop(testkit_app=None, testkit_other_databases="allow")
    shop.write({"shop/models.py": TWO_INSTANCES})
    write_tests(shop, "from kailash_testkit import Factory; from shop.models import ShopItem", "Factory(ShopItem)")
    shop.write({"test_archive.py": ARCHIVE_TESTS})
    shop.run(*workers).assert_outcomes(passed=8)
    assert shop.left_behind() == []


def test_a_factory_called_while_tests_are_collected_finds_no_kit(shop: Project) -> None:
    shop.write(
        {
            "test_by_class.py": """
                from kailash_testkit import Factory
                from shop.models import Item

                ITEM = Factory(Item).create_sync(name="too early")
            """,
            "test_by_name.py": """
                from kailash_testkit import Factory

                ITEM = Factory("Item").create_sync(name="too early")
            """,
        }
    )
    outcome = shop.run()
    outcome.assert_outcomes(errors=2)
    for module in ("test_by_class.py", "test_by_name.py"):
        text = outcome.explanation(f"ERROR collecting {module}")
        assert "NoActiveKit: a factory was called while no test runs" in text
    assert [*shop.storage.iterdir()] == []
