"""`register`: fixtures of factories, in real sessions."""

from __future__ import annotations

import pytest
from inner_session import Project

from kailash_testkit import Factory, register
from kailash_testkit.errors import DeclarationError
from kailash_testkit.pytest_plugin import registering

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Customer:
        id: str
        name: str

    @db.model
    class Order:
        id: int
        customer_id: str
        gift_for: str | None = None
        status: str = "open"
"""
CONFTEST = """
    from kailash_testkit import Factory, register, related, transient
    from shop.models import Customer, Order

    customers = Factory(Customer)
    orders = Factory(
        Order, customer_id=related(customers), urgent=transient(False), gift_for=related(customers, when=0)
    ).trait("paid", status="paid")
    register(orders)
    register(customers)
    register(orders.using(status="late"), "late_order")
"""
TESTS = """
    import pytest

    async def test_a_row_and_its_factory(order, orders, kit):
        assert await orders.get(order.id) == order
        assert (order.status, order.gift_for) == ("open", None)
        assert (await orders.create()).id == order.id + 1

    def test_in_synchronous_tests(order, kit):
        assert kit.count_sync("Order") == 1

    async def test_a_relation_has_the_row_of_its_fixture(order, late_order, customer, kit):
        assert order.customer_id == late_order.customer_id == customer.id
        assert (late_order.status, await kit.count("Customer")) == ("late", 1)

    @pytest.mark.parametrize("order__status", ["paid", "sent"])
    def test_values_are_parametrised(order, order__status):
        assert order.status == order__status

    @pytest.mark.parametrize("order__paid", [True])
    @pytest.mark.parametrize("customer__name", ["Ada"])
    def test_traits_and_parents_too(order, customer):
        assert (order.status, customer.name) == ("paid", "Ada")

    class TestOthers:
        @pytest.fixture
        def order__status(self):
            return "lost"

        @pytest.fixture
        def orders(self, orders):
            return orders.using(gift_for="Eve")

        def test_values_and_factories_are_overridden(self, order):
            assert (order.status, order.gift_for) == ("lost", "Eve")
"""


def test_a_factory_has_fixtures(project: Project) -> None:
    project.shop()
    project.write({"shop/models.py": MODELS, "tests/conftest.py": CONFTEST, "tests/test_it.py": TESTS})
    project.run().assert_outcomes(passed=7)
    named = project.run("--fixtures", "tests").output
    assert "A stored Order." in named


def test_a_name_is_registered_once() -> None:
    manager = pytest.PytestPluginManager()
    registering.begin(manager)
    try:
        for _ in range(2):
            register(Factory("Order"))  # the same line: a module that is imported again
        with pytest.raises(DeclarationError, match=r"(?s)order is registered twice.*test_registering.*for Order"):
            register(Factory("Order"))
        register(Factory("Order"), "late_order")
        assert manager.has_plugin("kailash_testkit_fixtures_of_late_order")
    finally:
        registering.end(manager)


def test_what_is_no_factory_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"register\(.* is not about a factory"):
        register(Factory)  # type: ignore[arg-type]
