"""An error of set-up or configuration is told once, whole; tests that need nothing of the kit run."""

from __future__ import annotations

import pytest
from inner_session import Project

TESTS = """
    import pytest
    from kailash_testkit import Factory

    @pytest.mark.parametrize("number", range(3))
    def test_kit(kit, number):
        pass

    @pytest.mark.parametrize("number", range(2))
    async def test_a_factory(number):
        await Factory("Item").create()

    @pytest.mark.parametrize("number", range(2))
    def test_of_something_else(number):
        pass
"""


def assert_told_once(project: Project, *expected: str, express: bool = False) -> None:
    outcome = project.run()
    outcome.assert_outcomes(errors=3, failed=3 if express else 2, passed=2)
    text = outcome.explanation("ERROR at setup of test_kit[0]")
    for words in expected:
        assert words in text
    assert outcome.output.count(" do:") == 1
    titles = [
        "ERROR at setup of test_kit[1]",
        "ERROR at setup of test_kit[2]",
        "test_a_factory[0]",
        "test_a_factory[1]",
    ]
    for title in titles + ["test_express"] * express:
        section = outcome.error(title)
        assert len(section.splitlines()) == 1, section
        assert section.endswith("(test_items.py::test_kit[0] shows the whole error)")
    assert project.left_behind() == []


def test_a_setting_that_names_nothing(shop: Project) -> None:
    shop.configure_more(testkit_dataflow="shop.models:database")
    shop.write({"test_items.py": TESTS})
    assert_told_once(shop, "testkit_dataflow = 'shop.models:database': shop.models has no 'database'")


@pytest.mark.slow
def test_each_worker_tells_it_once(shop: Project) -> None:
    shop.configure_more(testkit_dataflow="shop.models:database")
    shop.write({"test_items.py": TESTS})
    outcome = shop.run("-n", "2")
    outcome.assert_outcomes(errors=3, failed=2, passed=2)
    assert 1 <= outcome.output.count(" do:") <= 2


EXPRESS = """
    async def test_express():
        from shop.models import db
        await db.express.create("Item", {"name": "a"})
"""
OWN_DATABASE = """
    import os
    import pytest

    @pytest.fixture(scope="session", autouse=True)
    def own_database(tmp_path_factory):
        folder = tmp_path_factory.mktemp("own")
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/own.db"
"""


@pytest.mark.slow
def test_a_fixture_that_sets_the_url_is_named_with_its_line(shop: Project) -> None:
    shop.write({"conftest.py": OWN_DATABASE, "test_items.py": TESTS, "test_then.py": EXPRESS})
    assert_told_once(
        shop,
        "UnsafeDatabase: the application connects to sqlite:///",
        f"DATABASE_URL was set to it by the fixture own_database, at {shop.path}/conftest.py:7",
        "do:  leave that line out; or hand the kit that database with a fixture of scope session: "
        "def testkit_dataflow(own_database), which returns the instance",
        express=True,
    )


@pytest.mark.slow
def test_both_ways_out_work_and_a_conftest_is_named_as_well(shop: Project) -> None:
    hands_over = """
    @pytest.fixture(scope="session")
    def testkit_dataflow(own_database):
        from shop.models import db
        return db
    """
    tests = """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        async def test_it(kit, number):
            assert await kit.count("Item") == 0
            assert kit.database.path.name == "own.db"
            await kit.create("Item")
    """
    shop.write({"conftest.py": OWN_DATABASE + hands_over, "test_items.py": tests})
    shop.run().assert_outcomes(passed=2)
    shop.write({"conftest.py": f"import os\nos.environ['DATABASE_URL'] = 'sqlite:///{shop.path}/own.db'\n"})
    text = shop.run().explanation("ERROR at setup of test_it[0]")
    assert f"DATABASE_URL was set to it at {shop.path}/conftest.py:2" in text
    assert not (shop.path / "own.db").exists()


@pytest.mark.slow
def test_an_import_that_sets_the_variable_anew_is_said(shop: Project) -> None:
    sets = "import os\nos.environ['DATABASE_URL'] = 'sqlite:///development.db'\n"
    shop.write({"shop/__init__.py": sets, "test_items.py": "def test_it(kit):\n    pass\n"})
    text = shop.run().explanation("ERROR at setup of test_it")
    assert "DATABASE_URL was set to it after the kit had set it, as load_dotenv(override=True) does" in text


@pytest.mark.slow
def test_what_no_test_needs_is_told_at_the_end(shop: Project) -> None:
    shop.configure_more(testkit_dataflow="shop.models:database")
    shop.write({"test_plain.py": "import shop.models\n\ndef test_plain(): pass\n\ndef test_other(): pass\n"})
    outcome = shop.run()
    outcome.assert_outcomes(passed=2)
    assert "kailash-testkit: set-up failed" in outcome.output
    assert outcome.output.count("shop.models has no 'database'") == 1
    shop.write(
        {"test_plain.py": "import shop.models\n\ndef test_plain(): assert False\n\ndef test_other(): assert 0\n"}
    )
    outcome = shop.run()
    assert "shop.models has no 'database'" in outcome.error("test_plain")
    assert outcome.output.count("shop.models has no 'database'") == 1


ASYNC = """
    import asyncio
    import os
    from dataflow import DataFlow
    from starlette.applications import Starlette

    loops = []
    made = []

    async def make_db():
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())
        db = DataFlow(os.environ["DATABASE_URL"], auto_migrate=False, cache_enabled=False)

        @db.model
        class Item:
            id: int
            name: str

        made.append(db)
        return db

    async def make_app():
        return Starlette()
"""
ASYNC_TESTS = """
    import asyncio
    from kailash_testkit import Factory
    from shop import models

    async def test_without_a_fixture():
        await models.made[0].express.create("Item", {"name": "a"})
        assert models.loops == [asyncio.get_running_loop()]

    async def test_the_kit(kit):
        assert kit.dataflow is models.made[0]
        assert await kit.count("Item") == 0

    def test_a_synchronous_test():
        Factory("Item").create_sync()

    async def test_the_api(api):
        assert (await api.get("/")).status_code == 404
"""


@pytest.mark.slow
def test_functions_that_are_async_are_awaited_in_the_loop_of_the_session(shop: Project) -> None:
    shop.configure_more(testkit_dataflow="shop.models:make_db", testkit_app="shop.models:make_app")
    shop.write({"shop/models.py": ASYNC, "test_items.py": ASYNC_TESTS})
    shop.run().assert_outcomes(passed=4)
    shop.write(
        {"test_items.py": "from kailash_testkit import Factory\n\nasync def test_it(): await Factory('Item').create()"}
    )
    shop.run().assert_outcomes(passed=1)
