"""Function-scoped event loops: what DataFlow opens in each is closed in it, on every kind of database."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from database_kinds import Kind
from sample_app import register

from kailash_testkit import Kit
from kailash_testkit.concurrency import loops

pytestmark = pytest.mark.slow

_LOOPS = 100


def test_a_hundred_event_loops_leave_no_connection_and_no_warning(
    new_db: Callable[..., Any], database_kind: Kind
) -> None:
    """Warnings are errors here: of unclosed connections, pending tasks, closed event loops."""
    db = new_db()
    register(db, "Note", id=int, text=str)

    async def one_test(kit: Kit) -> int:
        await asyncio.gather(*(kit.create("Note", text=f"n{n}") for n in range(3)))
        await db.express.create("Note", {"text": "of the application"})
        found = await kit.count("Note")
        await kit.reset()
        await loops.close_resources()
        return found

    with Kit(db) as kit:
        left: list[int] = []
        for _ in range(_LOOPS):
            assert asyncio.run(one_test(kit)) == 4
            left.append(database_kind.connections(kit))
        gc.collect()
        assert max(left) <= left[0] + 5, "a server may take a moment to notice that a connection was closed"


@pytest.mark.databases("postgresql", "mysql")
def test_what_initialize_opens_is_closed_with_its_loop(new_db: Callable[..., Any], database_kind: Kind) -> None:
    """DataFlow tries the connection, and forgets it open."""
    db = new_db()
    register(db, "Note", id=int, text=str)

    async def started(kit: Kit) -> None:
        await db.initialize()
        await kit.create("Note")
        await loops.close_resources()

    with Kit(db) as kit:
        for _ in range(3):
            asyncio.run(started(kit))
            gc.collect()
        end = monotonic() + 5
        while database_kind.connections(kit) > 1:  # a server may take a moment to notice that one was closed
            assert monotonic() < end
