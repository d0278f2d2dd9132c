"""Folders, modules and classes that override `testkit_dataflow` or `testkit_app` have a kit and an api of their own."""

from __future__ import annotations

import pytest
from inner_session import Project

# {name}: the application; {Model}: its model.
APPLICATION = """
    import os
    from contextlib import asynccontextmanager
    from dataflow import DataFlow
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    db = DataFlow(os.environ["{NAME}_URL"], auto_migrate=False, cache_enabled=False)
    started = []

    @db.model
    class Item:
        id: int
        {name}: str

    async def created(request):
        await db.express.create("Item", await request.json())
        return JSONResponse({{"by": "{name}"}}, 201)

    @asynccontextmanager
    async def lifespan(app):
        started.append(app)
        assert len(started) == 1
        yield

    app = Starlette(routes=[Route("/items", created, methods=["POST"])], lifespan=lifespan)
"""
CONFTEST = """
    import pytest

    @pytest.fixture(scope="session")
    def testkit_dataflow():
        from {name} import db
        return db

    @pytest.fixture(scope="session")
    def testkit_app():
        from {name} import app
        return app

    @pytest.fixture(scope="module")
    async def wide(kit):
        return await kit.create("Item", {name}="wide")
"""
TESTS = """
    import pytest
    from kailash_testkit import Factory
    import {name}

    items = Factory({name}.Item)

    @pytest.mark.parametrize("number", range(3))
    async def test_kit_api_and_database(kit, api, testkit_dataflow, testkit_database, testkit_kits, number):
        assert kit.dataflow is testkit_dataflow is {name}.db
        assert testkit_kits == (kit,)
        assert testkit_database.url == {name}.db.config.database.url
        assert await kit.count("Item", {name}="own") == 0
        with kit.changes() as changes:
            assert (await api.expect(201).post("/items", json={{"{name}": "own"}})).json() == {{"by": "{name}"}}
        changes.assert_only(items.created({name}="own"))

    @pytest.mark.parametrize("number", range(2))
    async def test_without_a_fixture(number):
        assert await items.count({name}="express") == await Factory("Item").count({name}="named") == 0
        await {name}.db.express.create("Item", {{"{name}": "express"}})
        await Factory("Item").create({name}="named")

    @pytest.mark.parametrize("number", range(2))
    async def test_rows_of_a_wider_fixture(wide, kit, number):
        assert await kit.count("Item") == 1
        await kit.create("Item")
"""
ONLY_THE_APPLICATION = """
    import pytest
    from red import db
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def added(request):
        return JSONResponse(await db.express.create("Item", {"red": "other"}))

    @pytest.fixture
    def testkit_app():
        return Starlette(routes=[Route("/added", added, methods=["POST"])])

    @pytest.mark.parametrize("number", range(2))
    async def test_the_other_application(kit, api, number):
        assert kit.dataflow is db
        await api.expect(200).post("/added")
        assert await kit.count("Item", red="other") == 1
"""
MODULE = """
    import pytest
    import blue

    @pytest.fixture(scope="module")
    def testkit_dataflow():
        yield blue.db

    @pytest.mark.parametrize("number", range(2))
    async def test_kit(kit, number):
        assert kit.dataflow is blue.db
        assert await kit.count("Item", blue="module") == 0
        await kit.create("Item", blue="module")
"""


def write_applications(project: Project, urls: str) -> None:
    project.configure_more(testkit_dataflow="red:db", testkit_app="red:app", testkit_url_env=urls)
    for name in ("red", "green", "blue"):
        words = {"name": name, "NAME": name.upper()}
        project.write(
            {f"{name}.py": APPLICATION.format(**words), f"tests/{name}/test_{name}.py": TESTS.format(**words)}
        )
        if name != "red":  # which the settings name
            project.write({f"tests/{name}/conftest.py": CONFTEST.format(**words)})
    project.write({"tests/red/conftest.py": CONFTEST[: CONFTEST.index("@pytest.fixture")] + _WIDE.format(name="red")})
    project.write({"tests/other/test_other.py": ONLY_THE_APPLICATION, "tests/module/test_module.py": MODULE})


_WIDE = CONFTEST[CONFTEST.index('@pytest.fixture(scope="module")') :]


@pytest.mark.slow
def test_each_has_its_own_in_any_order(project: Project) -> None:
    write_applications(project, "RED_URL, GREEN_URL, BLUE_URL")
    outcome = project.run("-p", "randomly", "--randomly-seed=5", "--testkit-verify")
    outcome.assert_outcomes(passed=25)
    assert "testkit, in RED_URL; database testkit_2, in GREEN_URL; database testkit_3, in BLUE_URL" in outcome.output
    assert project.left_behind() == []


@pytest.mark.slow
def test_under_xdist(project: Project) -> None:
    write_applications(project, "RED_URL, GREEN_URL, BLUE_URL")
    project.run("-n", "2", "--dist", "load").assert_outcomes(passed=25)


SCOPES = """
    import pytest
    from dataflow import DataFlow
    from kailash_testkit import Factory, open_kits

    def made(place, name="own"):
        db = DataFlow(f"sqlite:///{place}/{name}.db", cache_enabled=False, migration_enabled=False)

        @db.model
        class Thing:
            id: int
            name: str

        return db

    class TestOfAFunction:
        @pytest.fixture
        def testkit_dataflow(self, tmp_path):
            db = made(tmp_path)
            yield db
            db.close()

        @pytest.mark.parametrize("number", range(3))
        async def test_it(self, kit, testkit_dataflow, testkit_database, number):
            assert kit.dataflow is testkit_dataflow
            await Factory("Thing").create()
            assert await kit.count("Thing") == 1
            assert len(open_kits.kits()) == 1  # that of the test before is closed

    class TestOfAClass:
        @pytest.fixture(scope="class")
        @classmethod
        def testkit_dataflow(cls, tmp_path_factory):
            return made(tmp_path_factory.mktemp("class"))

        @pytest.fixture(scope="class")
        @classmethod
        def row(cls, kit):
            return kit.create_sync("Thing", name="class")

        @pytest.mark.parametrize("number", range(2))
        async def test_it(self, row, kit, number):
            assert await kit.count("Thing") == 1
            await kit.create("Thing")

    class TestOfParameters:
        @pytest.fixture(scope="class", params=["one", "two"])
        @classmethod
        def testkit_dataflow(cls, request, tmp_path_factory):
            db = made(tmp_path_factory.mktemp("parameters"), request.param)
            yield db
            db.close()

        @pytest.mark.parametrize("number", range(2))
        async def test_it(self, kit, testkit_database, request, number):
            assert testkit_database.path.stem == request.node.callspec.params["testkit_dataflow"]
            assert await kit.count("Thing") == 0
            await Factory("Thing").create()

    class TestThatIsWiderThanItsKit:
        @pytest.fixture
        def testkit_dataflow(self, tmp_path):
            return made(tmp_path)

        @pytest.fixture(scope="class")
        @classmethod
        def row(cls, kit):
            pass

        def test_it(self, row):
            pass

    class TestOfSomethingElse:
        @pytest.fixture
        def testkit_dataflow(self):
            return 7

        def test_it(self, kit):
            pass
"""


@pytest.mark.slow
def test_an_override_may_have_any_scope(project: Project) -> None:
    project.configure(asyncio_mode="auto", asyncio_default_fixture_loop_scope="session")
    project.write({"test_scopes.py": SCOPES})
    outcome = project.run()
    outcome.assert_outcomes(passed=9, errors=2)
    assert "You tried to access the function scoped fixture kit with a class scoped request" in outcome.output
    text = outcome.explanation("ERROR at setup of TestOfSomethingElse.test_it")
    assert "the fixture testkit_dataflow gives no DataFlow instance\nwhy: it gives this: int" in text


def test_variables_belong_to_the_instances_that_fixtures_give(project: Project) -> None:
    project.configure(testkit_url_env="RED_URL BLUE_URL+DARK_BLUE_URL")
    project.write(
        {
            "test_urls.py": """
                import os

                def test_it():
                    assert os.environ["RED_URL"] != os.environ["BLUE_URL"] == os.environ["DARK_BLUE_URL"]
            """
        }
    )
    project.run().assert_outcomes(passed=1)
