"""A run that was killed harms no later one, and the next run removes what it left."""

from __future__ import annotations

import signal
import time

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

TESTS = """
    import os
    import time
    from kailash_testkit import Factory
    from shop.models import Item

    async def test_items():
        assert await Factory(Item).count() == 0
        await Factory(Item).create()
        if os.environ.get("WAIT"):
            open("waiting", "w").close()
            time.sleep(60)
"""


def test_the_next_run_starts_afresh_and_removes_the_folder(shop: Project, monkeypatch) -> None:
    shop.write({"test_items.py": TESTS})
    monkeypatch.setenv("WAIT", "yes")
    killed = shop.start()
    try:
        deadline = time.monotonic() + 60
        while not (shop.path / "waiting").exists():
            assert killed.poll() is None, "the run ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert [name.split("-")[1] for name in shop.left_behind()] == [str(killed.pid)]

    monkeypatch.delenv("WAIT")
    shop.run().assert_outcomes(passed=1)
    assert shop.left_behind() == []
