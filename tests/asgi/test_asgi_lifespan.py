"""The application's lifespan runs as on a server, and its failures name the application's own exception."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import uvicorn
from own_clock import own_clock
from parity_probe import needs_recent_uvicorn
from starlette.applications import Starlette
from uvicorn.lifespan.on import LifespanOn

from kailash_testkit.asgi.lifespan import Lifespan, TimeLimits
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
async def test_the_lifespan_sees_nothing_of_the_test():
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


async def forever() -> None:
    await asyncio.Event().wait()


async def hangs_at_startup(app) -> AsyncIterator[None]:
    await forever()
    yield


async def hangs_at_shutdown(app) -> AsyncIterator[None]:
    yield
    await forever()


async def refuses_to_be_cancelled(app) -> AsyncIterator[None]:
    try:
        await forever()
    except asyncio.CancelledError:
        yield  # as if all were well


@pytest.mark.parametrize("lifespan", [hangs_at_startup, refuses_to_be_cancelled])
@own_clock
async def test_a_startup_without_end_fails_after_its_time(lifespan):
    before = asyncio.all_tasks()
    running = Lifespan(app_with(lifespan))
    begun = asyncio.get_running_loop().time()
    with pytest.raises(LifespanFailed) as failure:
        await running.startup()
    assert asyncio.get_running_loop().time() - begun < 15
    message = str(failure.value)
    assert message.startswith("the application's lifespan startup failed: it took longer than 10 s and was cancelled\n")
    assert "ApiClient(app, startup_timeout=60), in pytest's settings testkit_startup_timeout = 60" in message
    assert ("in forever: await asyncio.Event().wait()" in message) == (lifespan is hangs_at_startup)
    assert not running.running
    assert asyncio.all_tasks() == before


@own_clock
async def test_several_who_wait_for_a_startup_without_end_get_the_same_failure():
    running = Lifespan(app_with(hangs_at_startup), limits=TimeLimits(startup=3))
    failures = await asyncio.gather(running.startup(), running.startup(), return_exceptions=True)
    assert [str(failure).splitlines()[0] for failure in failures] == [
        "the application's lifespan startup failed: it took longer than 3 s and was cancelled"
    ] * 2


@own_clock
async def test_a_shutdown_without_end_fails_after_its_time():
    running = Lifespan(app_with(hangs_at_shutdown), limits=TimeLimits(shutdown=2))
    await running.startup()
    with pytest.raises(LifespanFailed, match=r"shutdown failed: it took longer than 2 s") as failure:
        await running.shutdown()
    assert "in forever: await asyncio.Event().wait()" in str(failure.value)


@own_clock
async def test_without_a_limit_it_is_waited_for():
    async def lifespan(app) -> AsyncIterator[None]:
        await asyncio.sleep(1000)
        yield
        await asyncio.sleep(1000)

    running = Lifespan(app_with(lifespan), limits=TimeLimits(None, None))
    await running.startup()
    await running.shutdown()


@pytest.mark.parametrize(
    "messages",
    [
        ["startup.complete", "startup.complete"],
        ["startup.complete", "startup.failed"],
        ["shutdown.complete"],
        ["startup.complete", "shutdown.complete", "shutdown.complete"],
    ],
    ids=" ".join,
)
@needs_recent_uvicorn
@own_clock
async def test_messages_out_of_turn_are_refused_as_by_uvicorn(messages):
    refused = []

    async def app(scope, receive, send):
        await receive()
        for message in messages[:-1]:
            await send({"type": f"lifespan.{message}"})
        try:
            await send({"type": f"lifespan.{messages[-1]}"})
        except Exception as error:
            refused.append(error)
            raise

    with pytest.raises(LifespanFailed, match=rf"the application sent 'lifespan.{messages[-1]}' in its lifespan, out"):
        running = Lifespan(app)
        await running.startup()
        await running.shutdown()
    assert isinstance(refused[0], ProtocolViolation)
    with pytest.raises(AssertionError):
        on_uvicorn = LifespanOn(uvicorn.Config(app, lifespan="on", log_config=None))
        await on_uvicorn.startup()
        await on_uvicorn.shutdown()
        raise refused[1]


async def test_an_application_that_takes_any_scope_for_a_request_has_no_lifespan() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    lifespan = Lifespan(app)
    await lifespan.startup()
    assert lifespan.running
    await lifespan.shutdown()
