"""The application's lifespan runs as on a server, and its failures name the application's own exception."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from own_clock import own_clock
from starlette.applications import Starlette

from kailash_testkit.asgi import Lifespan
from kailash_testkit.errors import LifespanFailed, ProtocolViolation

marker: contextvars.ContextVar[str] = contextvars.ContextVar("marker", default="unset")


def app_with(lifespan) -> Starlette:
    return Starlette(lifespan=asynccontextmanager(lifespan))


@own_clock
async def test_startup_and_shutdown_run_once_in_one_task():
    seen = []

    async def lifespan(app) -> AsyncIterator[None]:
        seen.append(("up", asyncio.current_task()))
        yield
        seen.append(("down", asyncio.current_task()))

    running = Lifespan(app_with(lifespan))
    await running.startup()
    assert [event for event, _ in seen] == ["up"]
    await running.shutdown()
    assert [event for event, _ in seen] == ["up", "down"]
    assert seen[0][1] is seen[1][1] is not asyncio.current_task()


@own_clock
async def test_a_task_group_opened_by_startup_can_be_closed_by_shutdown():
    async def lifespan(app) -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            yield
            group.cancel_scope.cancel()

    running = Lifespan(app_with(lifespan))
    await running.startup()
    await asyncio.create_task(running.shutdown())


@own_clock
async def test_the_lifespan_has_an_empty_context():
    seen = []

    async def lifespan(app) -> AsyncIterator[None]:
        seen.append(marker.get())
        marker.set("by the lifespan")
        yield
        seen.append(marker.get())

    marker.set("by the test")
    running = Lifespan(app_with(lifespan))
    await running.startup()
    assert marker.get() == "by the test"
    await running.shutdown()
    assert seen == ["unset", "by the lifespan"]


@own_clock
async def test_state_is_what_startup_yields():
    async def lifespan(app) -> AsyncIterator[dict[str, int]]:
        yield {"pool": 7}

    running = Lifespan(app_with(lifespan))
    await running.startup()
    assert running.state == {"pool": 7}
    await running.shutdown()


@own_clock
async def test_a_failed_startup_names_the_applications_exception_and_leaves_nothing_running():
    async def lifespan(app) -> AsyncIterator[None]:
        raise ConnectionError("no database at postgresql://ada:secret@host/shop")
        yield

    before = asyncio.all_tasks()
    with pytest.raises(LifespanFailed) as failure:
        await Lifespan(app_with(lifespan)).startup()
    message = str(failure.value)
    assert message.startswith(
        "the application's lifespan startup failed: ConnectionError: no database at postgresql://ada:***@host/shop\n"
    )
    assert "test_asgi_lifespan.py:" in message
    assert "in lifespan: raise ConnectionError(" in message
    assert isinstance(failure.value.__cause__, ConnectionError)
    assert asyncio.all_tasks() == before


@own_clock
async def test_a_failed_shutdown_names_the_applications_exception():
    async def lifespan(app) -> AsyncIterator[None]:
        yield
        raise RuntimeError("the pool is busy")

    running = Lifespan(app_with(lifespan))
    await running.startup()
    with pytest.raises(LifespanFailed, match=r"lifespan shutdown failed: RuntimeError: the pool is busy") as failure:
        await running.shutdown()
    assert isinstance(failure.value.__cause__, RuntimeError)


@own_clock
async def test_an_app_that_raises_before_receive_has_no_lifespan():
    async def app(scope, receive, send):
        assert scope["type"] == "http"

    running = Lifespan(app)
    await running.startup()
    assert running.running
    await running.shutdown()


@own_clock
async def test_an_app_that_returns_has_no_lifespan():
    async def app(scope, receive, send):
        return

    running = Lifespan(app)
    await running.startup()
    await running.shutdown()


@own_clock
async def test_an_app_that_raises_after_receive_has_failed():
    async def app(scope, receive, send):
        await receive()
        raise ValueError("half way up")

    with pytest.raises(LifespanFailed, match=r"startup failed: ValueError: half way up"):
        await Lifespan(app).startup()


@own_clock
async def test_an_app_that_raises_after_startup_is_reported_at_shutdown():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        raise ValueError("died on the way")

    running = Lifespan(app)
    await running.startup()
    await asyncio.sleep(0)
    with pytest.raises(LifespanFailed, match=r"shutdown failed: ValueError: died on the way"):
        await running.shutdown()


@own_clock
async def test_a_failure_that_is_only_reported_is_shown_by_its_last_line():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "Traceback ...\nKeyError: 'DATABASE_URL'\n"})

    with pytest.raises(LifespanFailed, match=r"startup failed: KeyError: 'DATABASE_URL'") as failure:
        await Lifespan(app).startup()
    assert failure.value.__cause__ is None


@own_clock
async def test_sys_exit_in_startup_does_not_end_the_test_run():
    async def lifespan(app) -> AsyncIterator[None]:
        raise SystemExit(3)
        yield

    with pytest.raises(LifespanFailed, match=r"startup failed: SystemExit: 3"):
        await Lifespan(app_with(lifespan)).startup()


@own_clock
async def test_an_unknown_message_is_refused():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.done"})

    with pytest.raises(LifespanFailed) as failure:
        await Lifespan(app).startup()
    assert isinstance(failure.value.__cause__, ProtocolViolation)


@own_clock
async def test_shutdown_cancels_a_startup_that_is_not_over():
    ended = []

    async def lifespan(app) -> AsyncIterator[None]:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        yield

    running = Lifespan(app_with(lifespan))
    starting = asyncio.create_task(running.startup())
    await asyncio.sleep(0.01)
    async with asyncio.timeout(0.5):
        await running.shutdown()
    assert ended == [True]
    with pytest.raises(LifespanFailed, match="CancelledError"):
        await starting


@own_clock
async def test_a_long_shutdown_is_waited_for():
    ended = []

    async def lifespan(app) -> AsyncIterator[None]:
        yield
        await asyncio.sleep(1.2)  # longer than an application that is through may take to return
        ended.append(True)

    running = Lifespan(app_with(lifespan))
    await running.startup()
    await running.shutdown()
    assert ended == [True]
