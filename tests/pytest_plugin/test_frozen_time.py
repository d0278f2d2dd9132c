"""Time that a test, a wider fixture or a conftest freezes hangs nothing, and changes no declared type."""

from __future__ import annotations

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

FREEZERS = {
    "freezegun": 'from freezegun import freeze_time\nfreezer = lambda: freeze_time("2020-01-02")',
    "freezegun, with a running loop": (
        'from freezegun import freeze_time\nfreezer = lambda: freeze_time("2020-01-02", real_asyncio=True)'
    ),
    "time-machine": 'import time_machine\nfreezer = lambda: time_machine.travel("2020-01-02", tick=False)',
}
TESTS = """
    import asyncio, datetime
    import pytest
    from freezer import freezer
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    @pytest.fixture(autouse=True, scope="module")
    def frozen(kit):
        with freezer():
            yield

    def test_rows_are_read_in_frozen_time(kit):
        row = items.create_sync()
        assert isinstance(row.created_at, datetime.datetime)

    def test_a_task_is_left(kit):
        async def leave():
            asyncio.ensure_future(asyncio.Event().wait())

        with asyncio.Runner() as runner:
            runner.run(leave())

    async def test_a_task_is_left_in_the_sessions_loop(kit):
        asyncio.get_running_loop().create_task(asyncio.Event().wait())
"""
AFTER = """
    import datetime
    from kailash_testkit import Factory
    from shop.models import Item

    def test_the_types_are_right_when_time_goes_on(kit):
        row = Factory(Item).create_sync()
        assert type(row.created_at) is datetime.datetime, row.created_at
        assert Factory(Item).get_sync(row.id) == row
"""


@pytest.mark.parametrize("freezer", FREEZERS)
def test_a_wider_fixture_freezes_the_time(shop: Project, freezer: str) -> None:
    shop.write({"freezer.py": FREEZERS[freezer], "test_frozen.py": TESTS, "test_later.py": AFTER})
    shop.run().assert_outcomes(passed=4)


def test_time_was_frozen_before_the_kit_was_imported(shop: Project) -> None:
    conftest = FREEZERS["freezegun, with a running loop"] + "\nfrozen = freezer()\nfrozen.start()\n"
    thaw = "def pytest_runtest_setup(item):\n    if item.name.startswith('test_the_types'): frozen.stop()\n"
    shop.write({"conftest.py": conftest + thaw, "test_later.py": AFTER})
    asyncpg = "ignore:datetime.:RuntimeWarning"  # it looks at the class while DataFlow imports it
    shop.run_anew("-W", asyncpg).assert_outcomes(passed=1)
