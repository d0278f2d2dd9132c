"""Faults of an application are found, each once and by its check, and nothing is found in a healthy one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from orders_app import ACCESS_FAULTS, FAULTS, orders_app, private_app, register_notes, register_orders
from packaging.version import Version
from sample_app import in_this_loop

from kailash_testkit import ApiClient, FaultyRequest, Kit

Open = Callable[..., Any]


@pytest.fixture
def opened(db_at: Callable[..., Any], tmp_path: Path) -> Open:
    """A client on an application, with the kit on its database."""

    @asynccontextmanager
    async def opened(register: Any, make: Any, fault: str = "") -> AsyncIterator[ApiClient]:
        db = db_at(tmp_path / "explored.db")
        register(db)
        with Kit(db) as kit:
            async with in_this_loop(kit), ApiClient(make(db, fault), kit=kit) as api:
                yield api

    return opened


async def explored(api: ApiClient, **options: Any) -> Any:
    assert api.kit is not None
    return await api.kit.explore(api, **{"requests": 120, "seconds": 600, "failpoints": False, **options})


@pytest.mark.slow
async def test_nothing_is_found_in_a_healthy_application(opened: Open) -> None:
    async with opened(register_orders, orders_app) as api:
        exploration = await explored(api, requests=300)

        assert [str(finding) for finding in exploration.findings] == []
        exploration.assert_none()
        assert [each.unreached for each in exploration.operations] == [""] * 6
        assert "no findings" in str(exploration)


def needs_drawn_quantities(fault: str = "stores, then refuses") -> None:
    """Skips a test of a fault that only a large quantity shows, where schemathesis leaves optional fields out."""
    if fault == "stores, then refuses" and Version(version("schemathesis")) < Version("4.11"):
        pytest.skip("schemathesis before 4.11 draws optional fields seldom")


@pytest.mark.slow
async def test_a_finding_says_what_happened_and_the_rows_are_as_before(opened: Open) -> None:
    needs_drawn_quantities()
    async with opened(register_orders, orders_app, "stores, then refuses") as api:
        await api.kit.create("Order", id=900, customer_id="mine", note="kept")
        exploration = await explored(api, checks=["refusal-wrote"], operations=["POST /orders"])

        (finding,) = exploration.findings
        assert (finding.check, finding.operation, finding.models) == ("refusal-wrote", "POST /orders", ("Order",))
        assert "answered 422, and it left 1 row" in finding.message
        assert finding.request.startswith("POST /orders {")
        assert finding.response == '422 {"detail": "too many"}'
        assert finding.rows == ()
        with pytest.raises(FaultyRequest, match="1 finding: refusal-wrote: POST /orders"):
            exploration.assert_none()
        assert [row.id for row in await api.kit.rows("Order")] == [900]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_found_by_its_check(opened: Open, fault: str) -> None:
    needs_drawn_quantities(fault)
    async with opened(register_orders, orders_app, fault) as api:
        exploration = await explored(api, requests=400, failpoints=True)

        assert FAULTS[fault] in {finding.check for finding in exploration.findings}, exploration.report()
        keys = [(finding.key, finding.place) for finding in exploration.findings]
        assert len(keys) == len(set(keys))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["", *ACCESS_FAULTS])
async def test_rows_of_others_are_found_out(opened: Open, fault: str) -> None:
    async def login(api: ApiClient) -> dict[str, str]:
        return {"Authorization": "Bearer ann"}

    async with opened(register_notes, private_app, fault) as api:
        exploration = await explored(
            api, requests=300, login=login, as_other={"Authorization": "Bearer ben"}, skip={"*": ["edge-not-kept"]}
        )

        expected = {ACCESS_FAULTS[fault]} if fault else set()
        assert {finding.check for finding in exploration.findings} == expected, exploration.report()


async def test_a_short_time_begins_with_the_first_request(opened: Open) -> None:
    async with opened(register_orders, orders_app) as api:
        exploration = await explored(api, requests=None, seconds=1e-6)

        assert exploration.ended == "after 1e-06 s, as asked for"
        assert len(exploration.operations) < exploration.requests < 40


@pytest.mark.slow
async def test_a_finding_with_a_refused_write_is_small(opened: Open) -> None:
    async with opened(register_orders, orders_app, "swallows refused writes") as api:
        exploration = await explored(
            api, requests=400, failpoints=True, checks=["failpoint-ignored"], operations=["POST /orders"]
        )

        (finding,) = exploration.findings
        assert finding.rows == ()
        assert finding.request == 'POST /orders {"customer_id": "a"}'


async def test_a_check_that_could_see_nothing_is_named(opened: Open) -> None:
    logger = logging.getLogger("dataflow.core.nodes")
    async with opened(register_orders, orders_app) as api:
        logger.disabled = True
        try:
            exploration = await explored(api, requests=5)
        finally:
            logger.disabled = False

        assert "node-failed-silently saw nothing: the log in which" in str(exploration)


@pytest.mark.slow
async def test_the_same_seed_finds_the_same(opened: Open) -> None:
    async with opened(register_orders, orders_app, "raises for zero") as api:
        first = await explored(api, operations=["POST /orders"], requests=60, seed=5)
        second = await explored(api, operations=["POST /orders"], requests=60, seed=5)

        assert first.findings
        assert [each.key for each in first.findings] == [each.key for each in second.findings]
        assert [each.request for each in first.findings] == [each.request for each in second.findings]


@pytest.mark.slow
async def test_what_a_baseline_knows_is_no_finding(opened: Open, tmp_path: Path) -> None:
    from kailash_testkit.judge import baseline

    async with opened(register_orders, orders_app, "raises for zero") as api:
        first = await explored(api, operations=["POST /orders"], requests=60)
        known = tmp_path / "known.json"
        known.write_text(baseline.text_of(each.key for each in first.findings))
        second = await explored(api, operations=["POST /orders"], requests=60, baseline=known)

        assert first.findings
        assert not second.findings
        assert [each.key for each in second.known] == [each.key for each in first.findings]


@pytest.mark.slow
async def test_an_operation_that_is_never_reached_says_why(opened: Open) -> None:
    async with opened(register_notes, private_app) as api:
        exploration = await explored(api, requests=80)

        assert [each.operation for each in exploration.unreached()] == [
            each.operation for each in exploration.operations
        ]
        assert "it asks for credentials: give login=; always 401" in str(exploration)
