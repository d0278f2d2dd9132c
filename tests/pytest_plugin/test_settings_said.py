"""What a session says of settings that are missing: the URL variable, and pytest-asyncio's mode."""

from __future__ import annotations

import re

import pytest
from inner_session import MODELS, Project

TESTS = """
    from shop.models import Item

    def test_anything(kit):
        assert kit.count_sync(Item) == 0
"""
ASYNC_TESTS = """
    async def test_by_hand(kit):
        raise AssertionError("never runs")
"""


@pytest.mark.slow
@pytest.mark.parametrize("importing", ["test_shop.py", "conftest.py", "setting"])
def test_a_missing_variable_names_the_setting_that_gives_it(shop: Project, importing: str) -> None:
    shop.write({"shop/models.py": MODELS.replace("DATABASE_URL", "SHOP_URL")})
    text = {"setting": "def test_anything(kit):\n    pass\n"}.get(importing, TESTS)
    shop.write({"test_shop.py": text})
    if importing == "conftest.py":
        shop.write({"conftest.py": "import shop.models\n"})
    outcome = shop.run_anew("-q")
    assert outcome.result.ret != 0
    assert "testkit_url_env = SHOP_URL" in outcome.everything
    shop.configure_more(testkit_url_env="SHOP_URL")
    shop.run("-q").assert_outcomes(passed=1)


def test_an_async_test_that_nothing_runs_is_told_in_one_line(shop: Project) -> None:
    shop.configure_more(asyncio_mode="strict")
    shop.write({"test_shop.py": ASYNC_TESTS})
    outcome = shop.run("-q")
    outcome.result.assert_outcomes(failed=1)
    said = re.findall(
        r"^kailash-testkit: test_by_hand is an async def.*asyncio_mode = auto.*$", outcome.output, re.MULTILINE
    )
    assert len(said) == 1
    assert "natively supported" not in outcome.output.partition("short test summary")[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("driver", "cure"),
    [("aiosqlite", "pip install aiosqlite"), ("psycopg", "pip install 'kailash-testkit[postgresql]'")],
)
def test_a_driver_that_is_missing_is_named_with_what_installs_it(shop: Project, driver: str, cure: str) -> None:
    """Also where DataFlow words it: aiosqlite when tables are made. psycopg: as an import in the application."""
    application = f"import {driver}\n" if driver == "psycopg" else ""
    shop.write({"conftest.py": f"import sys\nsys.modules[{driver!r}] = None\n"})
    shop.write({"test_shop.py": f"{application}def test_anything(kit):\n    pass\n"})
    outcome = shop.run_anew("-q")
    assert outcome.result.ret != 0
    assert cure in outcome.everything
