"""Where a session waited for what its tests left running, the report says for what, and how long."""

from __future__ import annotations

import re

import pytest
from inner_session import Project

from kailash_testkit.pytest_plugin import waiting

TESTS = """
    import asyncio, threading, time

    async def poll():
        await asyncio.sleep(0.3)

    async def test_that_leaves_a_task(kit):
        asyncio.create_task(poll())

    def test_that_leaves_a_thread(kit):
        threading.Thread(target=lambda: time.sleep(0.3), name="importer").start()

    def test_that_leaves_nothing(kit):
        pass
"""
LINES = (
    r"0\.\d\d s for the task poll at \S+test_left\.py:4: test_left\.py::test_that_leaves_a_task",
    r"0\.\d\d s for the thread 'importer': test_left\.py::test_that_leaves_a_thread",
)


@pytest.mark.slow
def test_the_tests_are_named_with_what_was_waited_for(shop: Project) -> None:
    shop.write({"test_left.py": TESTS})
    outcome = shop.run("--junitxml=junit.xml")
    outcome.assert_outcomes(passed=3)
    section = outcome.output.partition("kailash-testkit: waited for what tests left running")[2]
    for line in LINES:
        assert re.search(line, section), section
    assert "test_that_leaves_nothing" not in section
    assert (shop.path / "junit.xml").read_text().count('"testkit_waited"') == 2


@pytest.mark.slow
def test_workers_report_to_the_controller(shop: Project) -> None:
    shop.write({"test_left.py": TESTS})
    outcome = shop.run("-n", "2")
    assert "s for the thread 'importer': test_left.py::test_that_leaves_a_thread" in outcome.output


def test_without_waiting_nothing_is_said(shop: Project) -> None:
    shop.write({"test_nothing.py": "def test_nothing(kit): pass"})
    assert "waited" not in shop.run().output


@pytest.mark.slow
def test_of_many_waits_the_longest_are_shown(shop: Project) -> None:
    tests = """
        import asyncio
        import pytest

        async def poll(seconds):
            await asyncio.sleep(seconds)

        @pytest.mark.parametrize("number", range(MANY))
        async def test_that_leaves_a_task(kit, number):
            asyncio.create_task(poll(0.6 if number == 3 else 0.2))
    """
    shop.write({"test_left.py": tests.replace("MANY", str(waiting._MOST + 2))})
    outcome = shop.run()
    section = outcome.output.partition("waited for what tests left running")[2].strip().splitlines()
    assert "::test_that_leaves_a_task[3]" in next(line for line in section if "for the task" in line)
    assert "... and 2 more" in section
