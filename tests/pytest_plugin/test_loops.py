"""Many tests in all combinations of loop scope and asyncio mode: no loop is closed or foreign, nothing leaks."""

from __future__ import annotations

import pytest
from inner_session import Project
from soak import SOAK

pytestmark = pytest.mark.slow

TESTS = 24 if SOAK else 8  # in each of two modules

MODULE = """
    import pytest
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder
    from kailash_testkit import Factory
    from shop.models import Item, db
    from usage import note, assert_no_growth

    {pytestmark}
    items = Factory(Item)

    async def raw_nodes():
        workflow = WorkflowBuilder()
        workflow.add_node("ItemListNode", "list", {{"limit": 1000}})
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(workflow.build(), {{}})
        return results["list"]["records"]

    @pytest.mark.parametrize("n", range({tests}))
    async def test_all_ways_lead_to_one_database(api, n):
        await items.create(name="factory")
        await api.expect(201).post("/items", json={{"name": "api"}})
        await db.express.create("Item", {{"name": "express"}})
        expected = ["api", "express", "factory"]
        assert sorted(row["name"] for row in await db.express.list("Item")) == expected
        assert sorted(row["name"] for row in await raw_nodes()) == expected
        assert sorted(row["name"] for row in (await api.get("/items")).json()) == expected
        assert await items.count() == 3
        note()
"""
FIRST = """
    async def test_the_last_rows_are_gone(api):
        assert (await api.get("/items")).json() == []
"""
LAST = """
    async def test_nothing_grew(api):
        assert (await api.get("/items")).json() == []
        await assert_no_growth()
"""
USAGE = """
    import asyncio, os, threading

    seen = []

    def used():
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    def note():
        seen.append(used())

    async def assert_no_growth():
        # Connections' threads take a moment to end, so the counts flicker: what counts is where they settle.
        threads, files = (min(counts) for counts in zip(*seen[2 : len(seen) // 4]))
        for _ in range(100):
            now = used()
            if now[0] <= threads and now[1] <= files:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"threads, files were {seen} and stay at {now}")
"""


@pytest.mark.parametrize("mode", ["auto", "strict"])
@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_no_failure_from_a_closed_or_foreign_loop_and_nothing_grows(shop: Project, scope: str, mode: str) -> None:
    in_settings = mode == "auto"  # the loop scope is set in the settings there, and by markers otherwise
    shop.shop(
        asyncio_mode=mode,
        asyncio_default_fixture_loop_scope=scope,
        asyncio_default_test_loop_scope=scope if in_settings else None,
    )
    mark = "" if in_settings else f'pytestmark = pytest.mark.asyncio(loop_scope="{scope}")'
    module = MODULE.format(pytestmark=mark, tests=TESTS)
    shop.write(
        {
            "usage.py": USAGE,
            "test_a.py": module + FIRST,
            "test_b.py": module + LAST,
        }
    )
    outcome = shop.run("-q")
    outcome.assert_outcomes(passed=2 * TESTS + 2)
    assert shop.left_behind() == []


BY_TURNS = """
    from kailash_testkit import Factory
    from shop.models import Item, db

    items = Factory(Item)

    async def test_in_the_sessions_loop():
        await db.express.create("Item", {"name": "express"})
        await items.create(name="factory")

    def test_in_the_kits_own_loop():
        items.create_sync(name="sync")
        assert items.count_sync() == 1

    async def test_in_the_sessions_loop_again():
        await items.create(name="factory")
        assert len(await db.express.list("Item")) == 1

    def test_in_the_kits_own_loop_again():
        assert items.count_sync() == 0
"""


def test_synchronous_calls_beside_a_session_loop(shop: Project) -> None:
    shop.write({"test_by_turns.py": BY_TURNS})
    shop.run().assert_outcomes(passed=4)


IN_THREADS = """
    import asyncio, gc, threading
    from shop.models import db

    def created(name):
        asyncio.run(db.express.create("Item", {"name": name}))

    async def test_a_loop_in_a_thread_between_two_uses_of_this_one():
        for name in "abc":
            await db.express.create("Item", {"name": name})
            await asyncio.to_thread(created, "thread")
            gc.collect()
        assert len(await db.express.list("Item")) == 6

    def test_loops_that_run_at_the_same_time():
        threads = [threading.Thread(target=created, args=["thread"]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()
"""


def test_the_applications_own_loops_in_threads(shop: Project) -> None:
    """DataFlow has one SQL node, and each loop would take the other's place: a ResourceWarning."""
    shop.write({"test_in_threads.py": IN_THREADS})
    shop.run("-q").assert_outcomes(passed=2)
