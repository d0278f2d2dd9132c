"""What is closed with the event loop it was made in."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from kailash_testkit.concurrency import loops


def closer(log: list[str], name: str, error: Exception | None = None) -> loops.Closer:
    async def close() -> None:
        log.append(name)
        if error is not None:
            raise error

    return close


def test_the_newest_is_closed_first_and_only_once() -> None:
    log: list[str] = []

    async def main() -> None:
        loops.on_close(closer(log, "first"))
        loops.on_close(closer(log, "second"))
        await loops.close_resources()
        await loops.close_resources()

    asyncio.run(main())
    assert log == ["second", "first"]


def test_loops_do_not_close_each_others_resources() -> None:
    log: list[str] = []

    async def register(name: str) -> None:
        loops.on_close(closer(log, name))

    with asyncio.Runner() as one, asyncio.Runner() as other:
        one.run(register("one"))
        other.run(register("other"))
        one.run(loops.close_resources())
        assert log == ["one"]
        other.run(loops.close_resources())
    assert log == ["one", "other"]


def test_a_failure_does_not_keep_the_others_open() -> None:
    log: list[str] = []

    async def main() -> None:
        loops.on_close(closer(log, "first"))
        loops.on_close(closer(log, "second", ValueError("stuck")))
        await loops.close_resources()

    with pytest.raises(ValueError, match="stuck"):
        asyncio.run(main())
    assert log == ["second", "first"]


def test_several_failures_are_raised_together() -> None:
    async def main() -> None:
        loops.on_close(closer([], "a", ValueError("one")))
        loops.on_close(closer([], "b", KeyError("two")))
        await loops.close_resources()

    with pytest.raises(ExceptionGroup, match="closing what belongs to this event loop") as caught:
        asyncio.run(main())
    assert {type(error) for error in caught.value.exceptions} == {ValueError, KeyError}


def test_a_closer_may_register_another() -> None:
    log: list[str] = []

    async def main() -> None:
        async def close() -> None:
            loops.on_close(closer(log, "late"))

        loops.on_close(close)
        await loops.close_resources()
        await loops.close_resources()

    asyncio.run(main())
    assert log == ["late"]


def test_a_loop_that_is_gone_is_forgotten() -> None:
    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        loops.on_close(closer([], "never"))
        return weakref.ref(asyncio.get_running_loop())

    gone = asyncio.run(main())
    gc.collect()
    assert gone() is None
