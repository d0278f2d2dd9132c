"""Which factories make the rows of an exploration."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from kailash_testkit import Factory
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.world import factories_in


def test_a_module_factories_or_a_list_of_either(shop_db: Any) -> None:
    orders, others = Factory("Order", dataflow=shop_db), Factory("Order", dataflow=shop_db, note="other")
    customers = Factory("Customer", dataflow=shop_db)
    module = ModuleType("factories")
    module.__dict__.update(customers=customers, number=3)
    assert factories_in(None) == {}
    assert factories_in(orders) == {"Order": orders}
    assert factories_in([orders, (others, module)]) == {"Order": orders, "Customer": customers}
    with pytest.raises(ConfigurationError, match=r"factories='shop\.factories'"):
        factories_in(["shop.factories"])
