"""`Pending`: a coroutine that tells when ``await`` was forgotten."""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from kailash_testkit.concurrency.pending import pending
from kailash_testkit.errors import NotAwaited


class Rows:
    """Something with an async method."""

    def __init__(self) -> None:
        self.started = 0

    @pending
    async def get(self, row_id: int) -> str:
        """The row."""
        self.started += 1
        await asyncio.sleep(0)
        return f"row {row_id}"

    @pending
    async def fail(self) -> str:
        raise ValueError("no")


async def test_awaited_it_is_the_coroutine() -> None:
    assert await Rows().get(7) == "row 7"


async def test_asyncio_takes_it_for_a_coroutine() -> None:
    rows = Rows()
    awaitable = rows.get(0)
    assert inspect.isawaitable(awaitable)
    await awaitable
    assert await asyncio.gather(rows.get(1), rows.get(2)) == ["row 1", "row 2"]
    assert await asyncio.create_task(rows.get(3)) == "row 3"
    assert await asyncio.wait_for(rows.get(4), 1) == "row 4"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rows.get(5))
    assert task.result() == "row 5"
    assert "Task" in repr(task)


def test_asyncio_run_takes_it_in_debug_mode_too() -> None:
    assert asyncio.run(Rows().get(7), debug=True) == "row 7"


async def test_errors_come_through() -> None:
    with pytest.raises(ValueError, match="no"):
        await Rows().fail()
    results = await asyncio.gather(Rows().fail(), return_exceptions=True)
    assert isinstance(results[0], ValueError)


async def test_it_can_be_cancelled() -> None:
    task = asyncio.create_task(Rows().get(7))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


MISUSES: dict[str, Callable[[Any], object]] = {
    "attribute": lambda row: row.status,
    "item": lambda row: row["status"],
    "truth": bool,
    "not": lambda row: not row,
    "equality": lambda row: row == {"id": 7},
    "inequality": lambda row: row != 7,
    "order": lambda row: row < 7,
    "length": len,
    "loop": list,
    "unpacking": lambda row: [*row],
    "membership": lambda row: 7 in row,
}


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
def test_any_other_use_says_that_await_is_missing(misuse: Callable[[Any], object]) -> None:
    rows = Rows()
    with pytest.raises(NotAwaited) as caught:
        misuse(rows.get(7))
    assert "Rows.get(...) was used without await" in str(caught.value)
    assert "write: await Rows.get(...)" in str(caught.value)
    assert rows.started == 0


def warned_of(action: Callable[[], object]) -> list[str]:
    """The kit's warnings in an action and the collection after it; other tests' garbage may warn as well."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
        gc.collect()
    return [str(each.message) for each in caught if each.category is RuntimeWarning and "Rows.get" in str(each.message)]


def test_a_misuse_is_told_once() -> None:
    def misused() -> None:
        with pytest.raises(NotAwaited):
            bool(Rows().get(7))

    assert warned_of(misused) == []


def test_dropped_it_warns_that_nothing_was_done() -> None:
    assert warned_of(lambda: (Rows().get(7), None)[1]) == ["Rows.get(...) was never awaited: nothing was done"]


def test_the_method_keeps_its_name_and_docstring() -> None:
    assert Rows.get.__name__ == "get"
    assert Rows.get.__doc__ == "The row."
    assert list(inspect.signature(Rows.get).parameters) == ["self", "row_id"]


async def test_it_can_be_hashed_as_asyncio_and_sets_do() -> None:
    awaitable = Rows().get(7)
    assert len({awaitable}) == 1
    await awaitable
