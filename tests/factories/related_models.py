"""Models whose rows belong to each other, for tests of relations and graphs."""

from __future__ import annotations

from typing import Any

from sample_app import Status, register

from kailash_testkit import Factory, related


def register_graph(db: Any, *, json_defaults: bool = True) -> None:
    """Customer (str id) <- Order (automatic id) <- Line; Employee refers to itself; Left and Right to each other."""
    register(db, "Org", id=str, name=str)
    register(db, "Customer", id=str, org_id=str, name=str, vip=(bool, False))
    register(
        db,
        "Order",
        id=int,
        org_id=(str | None, None),
        customer_id=str,
        gift_for=(str | None, None),
        status=(Status, Status.OPEN),
        tags=(list, []) if json_defaults else (list | None, None),
    )
    register(db, "Line", id=int, order_id=int, product=str, quantity=(int, 1))
    register(db, "Employee", id=int, name=str, manager_id=(int | None, None))
    register(db, "Strict", id=int, boss_id=int)
    register(db, "Left", id=str, right_id=(str | None, None))
    register(db, "Right", id=str, left_id=str)


def factory(db: Any, model: str, **defaults: Any) -> Factory:
    return Factory(model, dataflow=db, **defaults)


class Graph:
    """Factories for `register_graph`'s models."""

    def __init__(self, db: Any) -> None:
        self.orgs = factory(db, "Org")
        self.customers = factory(db, "Customer", org_id=related(self.orgs, share=True))
        self.orders = factory(
            db,
            "Order",
            customer_id=related(self.customers),
            org_id=related(self.orgs, share=True),
        )
        self.lines = factory(db, "Line", order_id=related(self.orders))
        self.employees = factory(db, "Employee", manager_id=related(lambda: self.employees))
        self.stricts = factory(db, "Strict", boss_id=related(lambda: self.stricts))
        self.lefts = factory(db, "Left", right_id=related(lambda: self.rights))
        self.rights = factory(db, "Right", left_id=related(self.lefts))
