"""Where nothing is wrong, nothing is alleged."""

from __future__ import annotations

import pytest
from faulty_shop import Shop, run

from kailash_testkit.explain import Cause

pytestmark = pytest.mark.slow

_RUNS = 300


async def test_300_healthy_rows_raise_no_alarm(shop: Shop) -> None:
    node = shop.db.get_node("OrderCreateNode")
    for number in range(_RUNS):
        row_id = f"order-{number}"

        async def create(row_id: str = row_id) -> None:
            await run(node, id=row_id, code=row_id)

        if number % 10 == 0:
            await shop.does(create)
        else:
            await shop.kit.create("Order", id=row_id, code=row_id)
        found = shop.kit.explainer.at_once(shop.kit.store.model("Order"), row_id)
        assert found.cause is Cause.VISIBLE, str(found)
        if number % 10 == 0:
            found = await shop.kit.explain("Order", row_id)
            assert found.cause is Cause.VISIBLE, str(found)
        missing = await shop.kit.explain("Order", "never") if number % 50 == 0 else None
        assert missing is None or missing.cause is Cause.NEVER_WRITTEN, str(missing)
        if number % 3 == 2:
            await shop.kit.reset()
