"""What happened, as expectations to paste: minimal, the same in each run, and met by what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import ANY
from uuid import uuid4

import pytest
from releases_of_kailash import needs_soft_delete
from sample_app import Status

from kailash_testkit import Factory
from kailash_testkit.changes import Change, Changes, created, deleted, updated
from kailash_testkit.changes.as_code import suggested
from kailash_testkit.changes.scope import Scope
from kailash_testkit.errors import UnexpectedChanges
from kailash_testkit.kit import Kit
from kailash_testkit.models.rows import Row, model_of

NAMES: Final[dict[str, object]] = {
    "ANY": ANY,
    "Status": Status,
    "created": created,
    "deleted": deleted,
    "updated": updated,
}
"""What a test module has imported."""


def pasted(changes: Changes, scope: Mapping[str, object], expected: tuple[Any, ...] = ()) -> list[str]:
    """The expectations that a failed `assert_only` suggests, tried: they are what happened."""
    with pytest.raises(UnexpectedChanges) as raised:
        exec("changes.assert_only(*expected)", {**NAMES, "expected": expected}, {**scope, "changes": changes})
    text = str(raised.value)
    code = text.partition("if all of this is right, expect it:\n")[2]
    lines = code.splitlines()
    eval("(" + code[code.index("changes.assert_only(") :] + ")", {**NAMES, **scope, "changes": changes})
    return [line.strip().removesuffix(",") for line in lines if line.strip() not in (")", "changes.assert_only(")]


@pytest.fixture
def orders(shop_kit: Kit) -> Factory:
    return shop_kit.factory("Order")


async def test_every_kind_of_change_is_named(shop_kit: Kit, orders: Factory) -> None:
    first, second = await orders.create_many(2, note="old")
    with shop_kit.changes() as changes:
        await orders.create(total=3.0, note="new", customer_id="c")
        await orders.update(first.id, status="paid")
        await orders.delete(second.id)
    assert pasted(changes, {"first": first, "orders": orders}) == [
        'orders.created(customer_id="c", total=3.0, status=Status.OPEN, note="new")',
        "orders.updated(first.id, status=Status.PAID)",
        f"orders.deleted({second.id})",
    ]


async def test_a_wrong_expectation_shows_the_right_one(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create(status="open")
    with shop_kit.changes() as changes:
        await orders.update(order.id, status="paid")
    wrong = (orders.updated(order.id, status="open"),)
    assert pasted(changes, {"order": order}, wrong) == ['updated("Order", order.id, status=Status.PAID)']


async def test_names_come_from_the_test(shop_kit: Kit, orders: Factory) -> None:
    rows = await orders.create_many(3)
    customer = await shop_kit.create("Customer")
    answer = {"id": rows[1].id, "status": "open"}
    with shop_kit.changes() as changes:
        await orders.update(rows[1].id, note="n", customer_id=customer.id)
    line = 'updated("Order", {}, customer_id=customer.id, note="n")'
    for name, scope in {
        "rows[1].id": {"rows": rows},
        'answer["id"]': {"answer": answer},
        "order_id": {"order_id": rows[1].id},
        "row_id": {"row_id": rows[1].id},
    }.items():
        assert pasted(changes, {"customer": customer, **scope}) == [line.format(name)]


async def test_an_equal_number_is_no_id(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create()
    with shop_kit.changes() as changes:
        await orders.update(order.id, note="n")
    strangers = {"quantity": order.id, "customer_id": order.id, "flag": True, "other": Row("Customer", {"id": 1})}
    answer = {"id": order.id, "price": 3}
    assert pasted(changes, {**strangers, "answer": answer}) == [f'updated("Order", {order.id}, note="n")']


async def test_what_differs_in_each_run_is_no_literal(shop_kit: Kit) -> None:
    kinds = shop_kit.factory("Kinds")
    row = await kinds.create(text="a", moment=datetime(2020, 1, 1), maybe=None)
    soon = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with shop_kit.changes() as changes:
        await kinds.update(row.id, text=f"job {uuid4()}", moment=soon + timedelta(hours=1), maybe=4)
    assert pasted(changes, {"row": row, "kinds": kinds}) == ["kinds.updated(row.id, text=ANY, moment=ANY, maybe=4)"]


def suggested_for(before: Row | None, after: Row | None, tenant: str | None = None) -> str:
    """The code for a change, with nothing in scope; it is met by the change."""
    row = after or before
    assert row is not None
    kind = "created" if before is None else "deleted" if after is None else "updated"
    change = Change(model_of(row), kind, row.id, before, after)
    found = suggested(change, Scope({}, {}), tenant)
    assert found.expectation.of_tenant(tenant).problems(change) == []
    return found.code


def test_of_a_created_row_it_is_left_out() -> None:
    row = Row("Login", {"id": str(uuid4()), "token": "s3cret-token-1234", "user": "ada", "seen": datetime.now()})
    assert suggested_for(None, row) == 'created("Login", user="ada")'


def test_a_secret_is_never_shown() -> None:
    before = Row("Login", {"id": 1, "token": "first-secret", "settings": {"a": 1}, "copy": "c", "n": 1.5})
    secret = "second-secret"
    after = Row("Login", {"id": 1, "token": secret, "settings": {"password": "p4ss-word"}, "copy": secret, "n": 2.5})
    assert suggested_for(before, after) == 'updated("Login", 1, token=ANY, settings=ANY, copy=ANY, n=2.5)'


def test_values_of_every_kind() -> None:
    values: dict[str, Any] = {
        "flag": True, "nothing": None, "data": b"x", "items": [1, "a"], "mapping": {"a": {"b": None}},
        "text": 'say "hi"', "not_a_number": float("nan"), "old": datetime(2020, 1, 1), "long": "x" * 600,
    }  # fmt: skip
    before = Row("Any", {"id": 1, **dict.fromkeys(values, 0)})
    assert suggested_for(before, Row("Any", {"id": 1, **values})) == (
        'updated("Any", 1, flag=True, nothing=None, data=b\'x\', items=[1, "a"], mapping={"a": {"b": None}}, '
        "text='say \"hi\"', not_a_number=ANY, old=ANY, long=ANY)"
    )


def test_another_tenants_row_names_the_tenant() -> None:
    """So that the suggestion is met while a tenant is active."""
    row = Row("Note", {"id": 1, "text": "a", "tenant_id": "bolt"})
    assert suggested_for(None, row, "bolt") == 'created("Note", text="a")'
    assert suggested_for(None, row, "acme") == 'created("Note", tenant_id="bolt", text="a")'
    assert suggested_for(None, row) == 'created("Note", text="a", tenant_id="bolt")'
    changed = Row("Note", {"id": 1, "text": "b", "tenant_id": "bolt"})
    assert suggested_for(row, changed, "acme") == 'updated("Note", 1, tenant_id="bolt", text="b")'


async def test_a_given_id_of_text_is_named(shop_kit: Kit) -> None:
    with shop_kit.changes() as changes:
        await shop_kit.create("Product", id="tea", name="Tea")
    assert pasted(changes, {}) == ['created("Product", id="tea", name="Tea")']


@needs_soft_delete
async def test_a_soft_deletion_that_changes_more(shop_kit: Kit, sql: Any) -> None:
    pen = await shop_kit.create("Product", name="pen")
    with shop_kit.changes() as changes:
        sql("UPDATE products SET name = 'gone', deleted_at = CURRENT_TIMESTAMP WHERE id = ?", pen.id)
    assert pasted(changes, {"pen": pen}) == ['updated("Product", pen.id, name="gone", deleted_at=ANY)']


async def test_a_class_or_its_name(shop_kit: Kit, orders: Factory) -> None:
    class Order: ...

    with shop_kit.changes() as changes:
        await orders.create(customer_id="c", total=1.0, note="n")
    rest = 'customer_id="c", total=1.0, status=Status.OPEN, note="n")'
    assert pasted(changes, {"Order": Order}) == [f"created(Order, {rest}"]
    assert pasted(changes, {"Order": "a text"}) == [f'created("Order", {rest}']


async def test_what_is_not_imported_is_said(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create()
    with shop_kit.changes() as changes:
        await orders.update(order.id, note=str(uuid4()))
    with pytest.raises(UnexpectedChanges) as raised:
        exec("changes.assert_only()", {"__name__": "elsewhere"}, {"changes": changes})
    lines = str(raised.value).splitlines()
    assert lines[-6:] == [
        "  if all of this is right, expect it:",
        "    from unittest.mock import ANY",
        "    from kailash_testkit import updated",
        "    changes.assert_only(",
        f'        updated("Order", {order.id}, note=ANY),',
        "    )",
    ]


async def test_many_changes_are_cut(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.create_many(25, customer_id="c", total=1.0, note="n")
    with pytest.raises(UnexpectedChanges) as raised:
        changes.assert_only()
    text = str(raised.value)
    assert text.count('orders.created(customer_id="c"') == 10
    assert "        # ... and 15 more" in text


async def test_nothing_is_suggested_where_nothing_happened(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.rows()
    with pytest.raises(UnexpectedChanges) as raised:
        changes.assert_only(orders.created())
    assert "expect it" not in str(raised.value)


async def test_a_list_of_expectations(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.create(note="a")
    changes.assert_only([orders.created(note="a")])
    with pytest.raises(UnexpectedChanges, match="note: expected 'b', got 'a'"):
        changes.assert_only([orders.created(note="b")])


def test_a_scope_reads_only_what_it_needs() -> None:
    class Hostile:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        __hash__ = None  # type: ignore[assignment]

    scope = Scope({"hostile": Hostile(), "order": Row("Order", {"id": 7})}, {})
    assert scope.id_of("Order", 7) == "order.id"
    assert scope.factory_of("Order") is None
