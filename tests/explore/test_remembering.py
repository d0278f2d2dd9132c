"""What was found is tried first the next time, and forgotten once it is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orders_app import orders_app, register_orders
from sample_app import in_this_loop

from kailash_testkit import ApiClient, Exploration, Kit


async def explored(kit: Kit, fault: str, remember: Path, requests: int) -> Exploration:
    options: dict[str, Any] = {"operations": ["POST /orders", "GET /orders/{order_id}"], "seconds": 600}
    async with in_this_loop(kit), ApiClient(orders_app(kit.dataflow, fault), kit=kit) as api:
        return await kit.explore(api, remember=remember, requests=requests, failpoints=False, **options)


@pytest.mark.slow
async def test_findings_are_tried_first_until_they_are_mended(db_at: Callable[..., Any], tmp_path: Path) -> None:
    db, file = db_at(tmp_path / "explored.db"), tmp_path / "found" / "before.json"
    register_orders(db)
    with Kit(db) as kit:
        first = await explored(kit, "raises for zero", file, 80)
        keys = {each.key for each in first.findings}
        assert keys
        number = sum(len(series) for series in json.loads(file.read_text())["series"])
        again = await explored(kit, "raises for zero", file, number)
        assert {each.key for each in again.findings} == keys, "in as many requests as were remembered"
        assert (await explored(kit, "", file, 20)).findings == []
        assert not file.exists()
        for text in ("no json", "[]", '{"version": 0}', '{"version": 1, "series": [[{"method": "GET"}]]}'):
            file.write_text(text)
            assert (await explored(kit, "", file, 10)).findings == []
            assert not file.exists(), "it was none of these files, and there is nothing to keep"
