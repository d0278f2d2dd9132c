"""The URL variables are set before the application can be imported; the database is made when tests could use it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

CONFTEST = """
    import os
    from pathlib import Path
    import shop.models

    def file():
        return Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///"))

    def pytest_sessionfinish(session):
        who = os.environ.get("PYTEST_XDIST_WORKER", "main")
        databases = [path.name for path in Path(os.environ["OWN_STORAGE"]).glob("*/session-*/*.db") if path == file()]
        with open("finished.txt", "a") as log:
            log.write(f"{who} {file().name} {databases}\\n")
"""
TESTS = """
    from conftest import file
    from kailash_testkit import Factory
    from shop.models import Item, db

    def test_that_could_use_the_database():
        assert file().exists()
        assert db.config.database.url == f"sqlite:///{file()}"

    async def test_that_uses_it():
        await Factory(Item).create()
"""


def test_the_variable_is_set_before_conftest_and_the_database_made_before_the_first_test(shop: Project) -> None:
    shop.write({"conftest.py": CONFTEST, "test_items.py": TESTS})
    outcome = shop.run_anew()
    outcome.assert_outcomes(passed=2)
    assert shop.lines("finished.txt") == ["main testkit.db ['testkit.db']"]
    assert "kailash-testkit: SQLite, a private file, database testkit, in DATABASE_URL" in outcome.output
    assert shop.left_behind() == []


API_TEST = """
    from kailash_testkit import Factory

    async def test_the_api_and_a_factory_meet(api):
        await api.expect(201).post("/items", json={"name": "api"})
        await Factory("Item").create(name="factory")
        assert len((await api.get("/items")).json()) == 2
"""


def test_collecting_makes_no_database(shop: Project) -> None:
    shop.write({"conftest.py": CONFTEST, "test_items.py": TESTS})
    outcome = shop.run("--collect-only", "-q")
    assert "2 tests collected" in outcome.output
    assert shop.lines("finished.txt") == ["main testkit.db []"]
    assert [*shop.storage.iterdir()] == []


def test_each_xdist_worker_has_a_database_and_the_controller_none(shop: Project) -> None:
    shop.write({"conftest.py": CONFTEST, "test_items.py": TESTS, "test_more.py": TESTS, "test_then.py": API_TEST})
    shop.run("-n", "2", "--dist", "loadfile").assert_outcomes(passed=5)
    assert sorted(shop.lines("finished.txt")) == [
        "gw0 testkit_gw0.db ['testkit_gw0.db']",
        "gw1 testkit_gw1.db ['testkit_gw1.db']",
        "main testkit.db []",
    ]
    assert shop.left_behind() == []
    assert not (shop.path / "migrations").exists()


def test_code_that_cannot_reach_the_database_pays_nothing(shop: Project) -> None:
    shop.write(
        {
            "conftest.py": "def pytest_sessionstart(session): pass",
            "test_plain.py": """
                import os
                import sys
                from pathlib import Path

                def test_first():
                    pass

                async def test_last():
                    assert not {"kailash", "dataflow", "sqlalchemy", "httpx", "shop"} & set(sys.modules)
                    assert not list(Path(os.environ["OWN_STORAGE"]).glob("*/*/*.db"))
            """,
        }
    )
    shop.run_anew("-p", "no:respx").assert_outcomes(passed=2)  # respx imports httpx
    assert shop.left_behind() == []


def test_every_named_variable_is_set_and_the_environment_put_back(shop: Project) -> None:
    shop.configure(
        testkit_dataflow="shop.models:db",
        testkit_url_env=["SHOP_URL", "SHOP_READ_URL"],
        testkit_database_name="shop_test",
    )
    shop.write(
        {
            "conftest.py": 'import os\n\nSEEN = [os.environ["SHOP_URL"], os.environ["SHOP_READ_URL"]]\n',
            "test_urls.py": """
                import os
                from conftest import SEEN

                def test_urls():
                    assert SEEN[0] == SEEN[1] == os.environ["SHOP_URL"]
                    assert SEEN[0].startswith("sqlite:////") and SEEN[0].endswith("/shop_test.db")
                    assert os.environ["DATABASE_URL"] == "mine"
                    assert False
            """,
            "run.py": """
                import os, sys
                import pytest

                before = {**os.environ, "SHOP_URL": "production", "DATABASE_URL": "mine"}
                os.environ.update(before)
                for arguments in (["-q"], ["-q", "--collect-only"], ["--testkit-database=none"]):
                    code = pytest.main(["-p", "no:cacheprovider", *arguments])
                    after = dict(os.environ)
                    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
                    changed -= {"PYTEST_CURRENT_TEST"}  # of the test that runs this
                    print(f"exit {int(code)}, changed {changed}")
            """,
        }
    )
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=shop.path, capture_output=True, text=True, check=True, timeout=60
    )
    exits = [line for line in done.stdout.splitlines() if line.startswith("exit")]
    assert "assert False" in done.stdout, done.stdout
    assert exits == ["exit 1, changed set()", "exit 0, changed set()", "exit 4, changed set()"]


def test_a_project_without_the_kits_settings_is_left_alone(project: Project) -> None:
    project.configure()
    project.write(
        {
            "conftest.py": 'import os\n\nSEEN = os.environ.get("DATABASE_URL")\n',
            "test_plain.py": """
                import os
                from pathlib import Path
                from conftest import SEEN

                def test_plain():
                    assert SEEN is None and "DATABASE_URL" not in os.environ
                    assert not list(Path(os.environ["OWN_STORAGE"]).iterdir())
            """,
        }
    )
    outcome = project.run("-v")
    outcome.assert_outcomes(passed=1)
    assert "kailash-testkit:" not in outcome.output
    assert [*project.storage.iterdir()] == []
