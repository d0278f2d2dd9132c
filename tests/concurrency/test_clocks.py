"""The kit's own waiting and measuring goes by real clocks, whatever a test did to the time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import time_machine
from freezegun import freeze_time

from kailash_testkit.concurrency import clocks

FROZEN: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "freezegun": lambda: freeze_time("2020-01-02"),
    "freezegun, with a running loop": lambda: freeze_time("2020-01-02", real_asyncio=True),
    "time-machine": lambda: time_machine.travel("2020-01-02", tick=False),
}


@pytest.fixture(params=FROZEN)
def frozen(request: pytest.FixtureRequest) -> AbstractContextManager[object]:
    return FROZEN[request.param]()


def test_the_clock_goes_on_in_frozen_time(frozen: AbstractContextManager[object]) -> None:
    with frozen:
        before = clocks.now()
        time.sleep(0.02)
        assert clocks.now() - before >= 0.02


def test_waiting_ends_in_frozen_time(frozen: AbstractContextManager[object]) -> None:
    async def main() -> None:
        never = asyncio.ensure_future(asyncio.Event().wait())
        soon = asyncio.ensure_future(asyncio.to_thread(time.sleep, 0.01))
        assert await clocks.wait([soon], 30) == set()
        assert await clocks.wait([never, soon], 0.1) == {never}
        never.cancel()

    with frozen:
        asyncio.run(main())


def test_the_clock_goes_on_when_time_was_frozen_before_the_kit_was_imported() -> None:
    code = """
import time
from freezegun import freeze_time
with freeze_time("2020-01-02"):
    from kailash_testkit.concurrency import clocks
    before = clocks.now()
    time.sleep(0.02)
    print(clocks.now() - before >= 0.02)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
