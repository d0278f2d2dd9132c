"""Faults of the corpus on PostgreSQL: rows are judged and taken back there as on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from explored_app import FAULTY, HEALTHY, App
from explored_models import register_models, store_rows
from explored_runs import WHOLE, explored, is_found, others
from sample_app import in_this_loop

from kailash_testkit import Kit

pytestmark = [pytest.mark.slow, pytest.mark.databases("postgresql")]

FAULTS = ("half_of_an_order", "deletes_notes_of_others", "conflict_after_the_write", "a_patch_that_resets")
LIMITS = {"seconds": 600.0, "requests": 400}
NUL = {"*": ["server-error"]}
"""PostgreSQL refuses NUL in a text, which none of the applications does."""


def named(*names: str) -> list[Any]:
    return [pytest.param(app, id=app.name) for app in [*FAULTY, *HEALTHY] if app.name in names]


@pytest.fixture
async def kit(db_at: Callable[..., Any], url_of: Callable[[str], str]) -> AsyncIterator[Kit]:
    db = db_at(url_of("explored"))
    register_models(db)
    with Kit(db) as kit:
        async with in_this_loop(kit):
            await store_rows(kit)
            yield kit


@pytest.mark.parametrize("app", named(*FAULTS[: len(FAULTS) if WHOLE else 2]))
async def test_a_fault_is_found(kit: Kit, app: App) -> None:
    before = await kit.rows("Order")
    exploration = await explored(kit, app, faulty=True, **LIMITS, skip=NUL)
    assert is_found(app, exploration), exploration.report()
    assert others(app, exploration) == []
    assert await kit.rows("Order") == before


@pytest.mark.parametrize("app", named("orders_behind_litestar"))
async def test_nothing_is_said_of_a_healthy_application(kit: Kit, app: App) -> None:
    exploration = await explored(kit, app, faulty=False, **LIMITS, skip=NUL)
    assert exploration.findings == [], exploration.report()


@pytest.mark.parametrize("app", named("orders_behind_litestar"))
async def test_a_text_that_the_server_does_not_take_is_an_error(kit: Kit, app: App) -> None:
    exploration = await explored(kit, app, faulty=False, **LIMITS, operations=["POST /orders"])
    assert {(each.check, each.operation) for each in exploration.findings} == {("server-error", "POST /orders")}
    assert "\\u0000" in exploration.findings[0].request
