"""One lifespan per event loop, whoever asks for it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from own_clock import own_clock
from starlette.applications import Starlette

from kailash_testkit.asgi.server import AppServer
from kailash_testkit.errors import ConfigurationError, LifespanFailed


class Recorded:
    """A Starlette application that writes down its lifespan events."""

    def __init__(self, *, failures: int = 0, stop_delay: float = 0.0, fail_down: bool = False) -> None:
        self.events: list[str] = []
        self.fail_down = fail_down
        self.failures = failures
        self.stop_delay = stop_delay
        self.app = Starlette(lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[dict[str, int]]:
        await asyncio.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        self.events.append("up")
        yield {"number": len(self.events)}
        await asyncio.sleep(self.stop_delay)
        self.events.append("down")
        if self.fail_down:
            raise RuntimeError("not so fast")


@own_clock
async def test_concurrent_first_requests_share_one_startup():
    recorded = Recorded()
    server = AppServer(recorded.app)
    assert not server.is_started
    await asyncio.gather(*(server.ensure_started() for _ in range(5)))
    assert recorded.events == ["up"]
    assert server.is_started
    assert server.state == {"number": 1}
    await server.stop()


@own_clock
async def test_a_cancelled_first_request_does_not_spoil_the_startup_of_the_others():
    recorded = Recorded()
    server = AppServer(recorded.app)
    impatient = asyncio.create_task(server.ensure_started())
    patient = asyncio.create_task(server.ensure_started())
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert server.is_started
    assert recorded.events == ["up"]
    await server.stop()


@own_clock
async def test_stop_is_idempotent_and_a_later_start_is_a_new_one():
    recorded = Recorded()
    server = AppServer(recorded.app)
    await server.stop()
    await server.ensure_started()
    await server.stop()
    await server.stop()
    assert not server.is_started
    assert server.state == {}
    await server.ensure_started()
    assert recorded.events == ["up", "down", "up"]
    assert server.state == {"number": 3}
    await server.stop()


@own_clock
async def test_a_start_during_a_stop_waits_for_its_end():
    recorded = Recorded(stop_delay=0.05)
    server = AppServer(recorded.app)
    await server.ensure_started()
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.01)
    await asyncio.gather(server.ensure_started(), server.ensure_started())
    assert recorded.events == ["up", "down", "up"]
    await stopping
    assert server.is_started
    await server.stop()


@own_clock
async def test_a_start_after_a_cancelled_stop_waits_for_the_end_too():
    recorded = Recorded(stop_delay=0.05)
    server = AppServer(recorded.app)
    await server.ensure_started()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(server.stop(), 0.01)
    await server.ensure_started()
    assert recorded.events == ["up", "down", "up"]
    await server.stop()


@own_clock
async def test_a_failed_stop_is_reported_once():
    server = AppServer(Recorded(fail_down=True).app)
    await server.ensure_started()
    with pytest.raises(LifespanFailed, match="not so fast"):
        await server.stop()
    await server.stop()
    assert not server.is_started


@own_clock
async def test_a_failed_start_fails_all_who_wait_and_can_be_tried_again():
    recorded = Recorded(failures=1)
    server = AppServer(recorded.app)
    results = await asyncio.gather(server.ensure_started(), server.ensure_started(), return_exceptions=True)
    assert [type(result) for result in results] == [LifespanFailed, LifespanFailed]
    assert not server.is_started
    await server.ensure_started()
    assert recorded.events == ["up"]
    await server.stop()


def test_each_loop_has_its_own_lifespan():
    recorded = Recorded()
    server = AppServer(recorded.app)

    async def use() -> None:
        assert not server.is_started
        await server.ensure_started()
        assert server.is_started
        await server.stop()

    asyncio.run(use())
    asyncio.run(use())
    assert recorded.events == ["up", "down", "up", "down"]
    assert not server.is_started


def test_a_loop_that_was_closed_without_stop_is_not_kept():
    server = AppServer(Recorded().app)
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def start() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await server.ensure_started()

    asyncio.run(start())
    asyncio.run(start())
    gc.collect()
    assert loops[0]() is None


def test_what_cannot_be_called_is_no_application():
    with pytest.raises(ConfigurationError, match=r"^'shop:app' is not an ASGI application"):
        AppServer("shop:app")  # type: ignore[arg-type]
