"""Async methods from synchronous code."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kailash_testkit.concurrency import loops, sync
from kailash_testkit.kit import Kit

tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="none")


@pytest.fixture
def own_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A loop for this test alone, so that stopping it disturbs no other."""
    monkeypatch.setattr(sync, "_current", [])
    yield
    sync.stop()


async def answer(value: object) -> object:
    await asyncio.sleep(0)
    return value


def in_a_thread(function: Callable[[], Any]) -> list[Any]:
    """The function's result in a list; an empty list when it does not end, which must not hang the test."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(10)
    return results


async def where() -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    return asyncio.get_running_loop(), threading.current_thread()


def test_the_result_is_returned() -> None:
    assert sync.run(answer(7)) == 7


def test_errors_are_raised_here() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        sync.run(fail())


def test_all_runs_share_one_loop_in_a_thread_of_its_own() -> None:
    loop, thread = sync.run(where())
    assert sync.run(where()) == (loop, thread)
    assert thread is not threading.current_thread()
    assert thread.daemon


async def test_it_works_within_a_running_loop() -> None:
    assert sync.run(answer(7)) == 7
    assert sync.run(where())[0] is not asyncio.get_running_loop()


def test_it_works_from_several_threads_at_once() -> None:
    results: list[object] = []
    threads = [threading.Thread(target=lambda n=n: results.append(sync.run(answer(n)))) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(results) == list(range(10))  # type: ignore[type-var]


def test_the_callers_context_holds() -> None:
    async def read() -> str:
        return tenant.get()

    token = tenant.set("acme")
    try:
        assert sync.run(read()) == "acme"
    finally:
        tenant.reset(token)
    assert sync.run(read()) == "none"


def test_synchronous_code_within_it_may_run_again() -> None:
    """A derived value may call create_sync(), at any depth; the loop that waits must not be waited for."""

    async def nested(depth: int) -> object:
        return sync.run(nested(depth - 1)) if depth else await answer("deep")

    assert in_a_thread(lambda: sync.run(nested(3))) == ["deep"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_exception_that_ends_a_loop_is_raised_here_and_the_loop_goes_on(
    own_loop: None, error: BaseException
) -> None:
    async def leave() -> None:
        raise error

    outcome: list[object] = []

    def main() -> None:
        try:
            sync.run(leave())
        except BaseException as caught:
            outcome.append(caught)
        outcome.append(sync.run(answer("still there")))

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    thread.join(5)
    assert outcome == [error, "still there"]


def test_stopping_closes_what_belongs_to_the_loop_and_a_later_run_starts_another(own_loop: None) -> None:
    closed: list[str] = []

    async def register() -> asyncio.AbstractEventLoop:
        async def close() -> None:
            closed.append("resource")

        loops.on_close(close)
        return asyncio.get_running_loop()

    loop = sync.run(register())
    sync.stop()
    assert closed == ["resource"]
    assert loop.is_closed()
    sync.stop()
    assert sync.run(where())[0] is not loop


def test_a_derived_value_may_create_a_row_synchronously(sync_kit: Kit) -> None:
    from kailash_testkit import derived

    customers = sync_kit.factory("Customer")
    orders = sync_kit.factory("Order", customer_id=derived(lambda row: customers.create_sync().id))
    (order,) = in_a_thread(orders.create_sync)
    assert customers.get_sync(order.customer_id)


@pytest.mark.slow
def test_the_sync_twins_do_what_their_originals_do(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order")
    order: Any = orders.create_sync(total=1.5)
    assert orders.get_sync(order.id) == order
    assert orders.update_sync(order.id, total=2.0).total == 2.0
    assert orders.find_sync(total=2.0) == orders.get_sync(order.id)
    assert [row.id for row in orders.create_many_sync(2)] == [order.id + 1, order.id + 2]
    assert orders.count_sync() == 3
    assert [row.id for row in orders.rows_sync(order_by="-id")] == [order.id + 2, order.id + 1, order.id]
    orders.delete_sync(order.id)
    assert not orders.exists_sync(id=order.id)

    other: Any = sync_kit.create_sync("Order", total=5.0)
    assert sync_kit.get_sync("Order", other.id) == other
    assert sync_kit.find_sync("Order", total=5.0) == other
    assert sync_kit.rows_sync("Order", total=5.0) == [other]
    assert sync_kit.count_sync("Order") == 3
    assert sync_kit.exists_sync("Order", total=5.0)
    assert sync_kit.update_sync("Order", other.id, note="n").note == "n"
    assert sync_kit.execute_sync("Order", "Count", {})["count"] == 3
    sync_kit.delete_sync("Order", other.id)
    sync_kit.reset_sync()
    assert sync_kit.count_sync("Order") == 0
