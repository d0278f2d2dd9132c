"""`kit.changes()` on a real DataFlow: what it shows, and what `assert_only` accepts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from database_kinds import Kind
from dirty_equals import IsApprox, IsDatetime, IsInt, IsNow, IsPartialDict, IsStr
from releases_of_kailash import needs_soft_delete
from sample_app import Colour, Level, Status, register

from kailash_testkit import Factory
from kailash_testkit.changes import created, deleted, updated
from kailash_testkit.errors import ConfigurationError, KitError, UnexpectedChanges, UnknownField, UnknownModel
from kailash_testkit.kit import Kit

Sql = Callable[..., list[Any]]


@pytest.fixture
def orders(shop_kit: Kit) -> Factory:
    return shop_kit.factory("Order")


def failure(changes: Any, *expected: Any) -> str:
    """The text with which `assert_only` fails."""
    with pytest.raises(UnexpectedChanges) as raised:
        changes.assert_only(*expected)
    assert isinstance(raised.value, AssertionError)
    return str(raised.value)


# --- what is recorded ----------------------------------------------------------------------------


async def test_the_example_of_the_readme(shop_kit: Kit, orders: Factory) -> None:
    first, second = await orders.create_many(2, status="open")
    with shop_kit.changes() as changes:
        await orders.update(first.id, status="paid")
    changes.assert_only(orders.updated(first.id, status="paid"))
    assert (await orders.get(second.id)).status == "open"


async def test_a_block_in_which_nothing_happened(shop_kit: Kit, orders: Factory) -> None:
    await orders.create()
    with shop_kit.changes() as changes:
        await orders.rows()
    await orders.create()
    changes.assert_none()
    changes.assert_only()
    assert len(changes) == 0
    assert not changes
    assert str(changes) == "nothing changed"


async def test_all_three_kinds(shop_kit: Kit, orders: Factory) -> None:
    first, second = await orders.create_many(2, note="old")
    with shop_kit.changes() as changes:
        third = await orders.create(total=3.0)
        await orders.update(first.id, note="new")
        await orders.delete(second.id)
    changes.assert_only(
        orders.created(id=third.id, total=3.0), orders.updated(first.id, note="new"), orders.deleted(second.id)
    )
    changes.assert_only(deleted("Order", second.id), created("Order"), updated("Order", first.id))
    (change,) = changes.updated("Order")
    assert change.before is not None
    assert change.after is not None
    assert (change.id, change.before.note, change.after.note) == (first.id, "old", "new")
    assert change.reported_columns == ("note",)
    assert [change.id for change in changes.created("Order")] == [third.id]
    assert [change.id for change in changes.deleted("Order")] == [second.id]
    assert changes.created("Customer") == []
    assert len(changes) == len(list(changes)) == 3


async def test_async_with(shop_kit: Kit, orders: Factory) -> None:
    async with shop_kit.changes() as changes:
        await orders.create()
    changes.assert_only(orders.created())


def test_without_a_loop(sync_kit: Kit) -> None:
    with sync_kit.changes() as changes:
        order = sync_kit.create_sync("Order")
    changes.assert_only(created("Order", id=order.id))


async def test_blocks_nest(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as outer:
        order = await orders.create(note="a")
        with shop_kit.changes() as inner:
            await orders.update(order.id, note="b")
            with shop_kit.changes() as innermost:
                pass
        inner.assert_only(orders.updated(order.id, note="b"))
        await orders.create(note="c")
    inner.assert_only(orders.updated(order.id, note="b"))
    innermost.assert_none()
    outer.assert_only(orders.created(note="b"), orders.created(note="c"))


async def test_blocks_may_overlap(shop_kit: Kit, orders: Factory) -> None:
    first, second = shop_kit.changes(), shop_kit.changes()
    first.__enter__()
    await orders.create(note="a")
    second.__enter__()
    await orders.create(note="b")
    first.__exit__(None, None, None)
    await orders.create(note="c")
    second.__exit__(None, None, None)
    first.assert_only(orders.created(note="a"), orders.created(note="b"))
    second.assert_only(orders.created(note="b"), orders.created(note="c"))


async def test_inside_the_block_it_shows_what_happened_so_far(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        changes.assert_none()
        order = await orders.create(note="a")
        changes.assert_only(orders.created(note="a"))
        await orders.delete(order.id)
        changes.assert_none()
        await orders.create(note="b")
    await orders.create(note="after the block")
    changes.assert_only(orders.created(note="b"))


async def test_a_block_that_raises_can_be_looked_at(shop_kit: Kit, orders: Factory) -> None:
    changes = shop_kit.changes()
    with pytest.raises(ZeroDivisionError), changes:
        await orders.create()
        raise ZeroDivisionError
    changes.assert_only(orders.created())


async def test_a_block_used_again_begins_anew(shop_kit: Kit, orders: Factory) -> None:
    changes = shop_kit.changes()
    with changes:
        await orders.create()
    with changes:
        changes.assert_none()
    changes.assert_none()


async def test_without_with_nothing_is_recorded_and_it_says_so(shop_kit: Kit, orders: Factory) -> None:
    changes = shop_kit.changes()
    await orders.create()
    for use in (changes.assert_none, changes.assert_only, lambda: len(changes), lambda: str(changes)):
        with pytest.raises(ConfigurationError, match=r"(?s)never recorded.*with kit\.changes\(\) as changes"):
            use()
    assert "never entered" in repr(changes)


# --- whoever writes --------------------------------------------------------------------------------


async def test_raw_sql_is_seen(shop_kit: Kit, orders: Factory, sql: Sql) -> None:
    order = await orders.create(note="a")
    with shop_kit.changes() as changes:
        sql("UPDATE orders SET note = 'b' WHERE id = ?", order.id)
        sql("INSERT INTO customers (id, name, email) VALUES ('c', 'Ada', 'ada@example.org')")
    changes.assert_only(orders.updated(order.id, note="b"), created("Customer", id="c", name="Ada"))


async def test_nodes_and_express_are_seen(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create()
    with shop_kit.changes() as changes:
        await shop_kit.execute("Order", "BulkUpdate", {"filter": {"id": order.id}, "fields": {"note": "bulk"}})
        await shop_kit.dataflow.express.create("Customer", {"id": "c", "name": "Ada", "email": "a@example.org"})
    changes.assert_only(orders.updated(order.id, note="bulk"), created("Customer", id="c"))


async def test_what_is_rolled_back_did_not_happen(shop_kit: Kit, orders: Factory, database_kind: Kind) -> None:
    order = await orders.create(note="a")
    connected = closing(database_kind.connect(shop_kit.database.url))
    with shop_kit.changes() as changes, connected as connection:
        database_kind.rows(connection, "BEGIN")
        database_kind.rows(connection, "UPDATE orders SET note = 'b' WHERE id = ?", order.id)
        database_kind.rows(connection, "ROLLBACK")
    changes.assert_none()


async def test_a_table_without_a_model_goes_by_its_name(
    new_db: Any, url_of: Callable[[str], str], database_kind: Kind
) -> None:
    db = new_db("own")
    register(db, "Note", id=int, text=str)
    sql = database_kind.sql(url_of("own"))
    sql("CREATE TABLE links (one VARCHAR(9), two INTEGER, ok INTEGER, PRIMARY KEY (one, two))")
    async with Kit(db, allow_existing=True) as kit:
        with kit.changes() as changes:
            sql("INSERT INTO links VALUES ('a', 1, 1)")
        changes.assert_only(created("links", one="a", two=1, ok=1))
        with kit.changes() as changes:
            sql("UPDATE links SET ok = 0")
        changes.assert_only(updated("links", ("a", 1), ok=0))
        assert str(changes) == "updated links ('a', 1)\n  ok: 1 -> 0"


async def test_a_model_that_is_registered_late_is_no_change_of_the_schema(new_db: Any) -> None:
    db = new_db()
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        await kit.create("Note")
        register(db, "Late", id=int, text=str)
        with kit.changes() as changes:
            await kit.create("Note", text="a")
            await kit.create("Late", text="b")
        changes.assert_only(created("Note", text="a"), created("Late", text="b"))


async def test_dataflows_bookkeeping_is_no_change(new_db: Any) -> None:
    """With migrations, the default, the first use of an instance makes tables of DataFlow's own."""
    db = new_db(migration_enabled=True)
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        with kit.changes() as changes:
            await db.initialize()
            await kit.create("Note", text="a")
        changes.assert_only(created("Note", text="a"))


# --- net ---------------------------------------------------------------------------------------------


async def test_what_is_undone_within_the_block_is_nothing(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create(note="a")
    with shop_kit.changes() as changes:
        await orders.update(order.id, note="b")
        await orders.update(order.id, note="a")
        await orders.delete((await orders.create()).id)
    changes.assert_none()


async def test_an_update_lists_only_columns_that_differ_in_the_models_types(shop_kit: Kit) -> None:
    kinds = shop_kit.factory("Kinds")
    row = await kinds.create(flag=False, colour=Colour.RED, numbers=[1], moment=datetime(2025, 1, 2, 3), whole=7)
    new: dict[str, Any] = {
        "flag": True,
        "colour": Colour.GREEN,
        "numbers": [1, 2],
        "moment": datetime(2025, 1, 2, 4),
    }
    with shop_kit.changes() as changes:
        await kinds.update(row.id, whole=7, **new)
    changes.assert_only(kinds.updated(row.id, **new))
    (change,) = changes
    assert change.reported_columns == ("flag", "moment", "numbers", "colour")
    assert change.after is not None
    assert {name: change.after[name] for name in change.reported_columns} == new
    assert str(changes).splitlines() == [
        f"updated Kinds {row.id}",
        "  flag: False -> True",
        "  moment: 2025-01-02T03:00:00 -> 2025-01-02T04:00:00",
        "  numbers[1]: (missing) -> 2",
        "  colour: Colour.RED -> Colour.GREEN",
    ]


async def test_a_created_row_has_the_models_types(shop_kit: Kit) -> None:
    kinds = shop_kit.factory("Kinds")
    with shop_kit.changes() as changes:
        await kinds.create(flag=True, level=Level.HIGH, status="paid", scores={"a": 1}, moment=datetime(2025, 1, 2))
    changes.assert_only(
        kinds.created(
            flag=True, level=Level.HIGH, status=Status.PAID, scores={"a": 1}, moment=datetime(2025, 1, 2), maybe=None
        )
    )
    assert "flag: expected 1, got True" in failure(changes, kinds.created(flag=1))


@needs_soft_delete
async def test_soft_deletion_is_a_deletion(shop_kit: Kit) -> None:
    products = shop_kit.factory("Product")
    pen = await products.create(name="pen")
    with shop_kit.changes() as changes:
        await products.delete(pen.id)
    changes.assert_only(products.deleted(pen.id))
    assert str(changes) == f"soft-deleted Product {pen.id!r}"
    (change,) = changes.deleted("Product")
    assert change.soft
    assert changes.updated("Product") == []


@needs_soft_delete
async def test_a_soft_deletion_that_changes_more_is_spelt_out(shop_kit: Kit, sql: Sql) -> None:
    products = shop_kit.factory("Product")
    pen = await products.create(name="pen")
    with shop_kit.changes() as changes:
        sql("UPDATE products SET name = 'gone', deleted_at = CURRENT_TIMESTAMP WHERE id = ?", pen.id)
    assert "name: changed too, from 'pen' to 'gone'" in failure(changes, products.deleted(pen.id))
    changes.assert_only(products.updated(pen.id, name="gone", deleted_at=IsDatetime))


async def test_updated_at_counts_only_when_asked_for(shop_kit: Kit, orders: Factory, sql: Sql) -> None:
    order = await orders.create(note="a")
    with shop_kit.changes() as changes:
        sql("UPDATE orders SET note = 'b', updated_at = CURRENT_TIMESTAMP WHERE id = ?", order.id)
    changes.assert_only(orders.updated(order.id, note="b"))
    changes.assert_only(orders.updated(order.id, note="b", updated_at=IsDatetime))
    assert "updated_at: expected 1, got 20" in failure(changes, orders.updated(order.id, note="b", updated_at=1))


async def test_updated_at_alone(shop_kit: Kit, orders: Factory, sql: Sql) -> None:
    order = await orders.create()
    with shop_kit.changes() as changes:
        sql("UPDATE orders SET updated_at = '2025-01-02 03:04:05' WHERE id = ?", order.id)
    changes.assert_none()
    assert str(changes) == "nothing changed"
    changes.assert_only(orders.updated(order.id, updated_at=datetime(2025, 1, 2, 3, 4, 5)))
    assert "missing:    updated Order" in failure(changes, orders.updated(order.id))


# --- expectations ------------------------------------------------------------------------------------


async def test_values_may_be_matchers(shop_kit: Kit, orders: Factory) -> None:
    kinds = shop_kit.factory("Kinds")
    order = await orders.create(total=1.0)
    with shop_kit.changes() as changes:
        await kinds.create(text="abc", scores={"a": 1, "b": 2}, moment=datetime.now().replace(microsecond=0))
        await orders.update(order.id, total=0.1 + 0.2)
    changes.assert_only(
        kinds.created(id=IsInt, text=IsStr(regex="a.c"), scores=IsPartialDict(a=1), moment=IsNow(delta=60)),
        orders.updated(IsInt, total=IsApprox(0.3)),
    )
    assert "total: expected IsApprox" in failure(changes, kinds.created(), orders.updated(order.id, total=IsApprox(9)))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO customers (id, name, email) VALUES ('c', 'A', 'a@b')", "unexpected: created Customer 'c'"),
        ("UPDATE orders SET note = 'x' WHERE id = 2", "unexpected: updated Order 2"),
        ("UPDATE orders SET total = 9 WHERE id = 1", "total: changed too, from 1.5 to 9.0"),
        ("UPDATE orders SET status = 'open' WHERE id = 1", "status: expected 'paid', got open"),
        ("DELETE FROM orders WHERE id = 1", "unexpected: deleted Order 1"),
        ("DELETE FROM orders WHERE id = 2", "unexpected: deleted Order 2"),
    ],
    ids=["table", "row", "column", "value", "this row deleted", "row deleted"],
)
async def test_anything_else_is_a_difference(
    shop_kit: Kit, orders: Factory, sql: Sql, statement: str, told: str
) -> None:
    await orders.create_many(2, total=1.5, note="a", status="open")
    with shop_kit.changes() as changes:
        await orders.update(1, status="paid", note="b")
        sql(statement)
    assert told in failure(changes, orders.updated(1, status="paid", note="b"))


async def test_an_expected_change_that_did_not_happen_is_missing(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.create(note="a")
    text = failure(changes, orders.created(note="a"), orders.created(note="b"), orders.deleted(9))
    assert text.splitlines() == [
        "the database did not change as expected",
        "  1 as expected",
        "  missing:    created Order(note='b')",
        "  missing:    deleted Order(9)",
        "  if all of this is right, expect it:",
        "    changes.assert_only(",
        '        created("Order", customer_id="Order customer id 1", total=1.0, status=Status.OPEN, note="a"),',
        "    )",
    ]


async def test_the_text_holds_expected_and_actual_side_by_side(shop_kit: Kit, orders: Factory) -> None:
    first, _, third = await orders.create_many(3, note="a", status="open", total=1.0)
    with shop_kit.changes() as changes:
        await orders.update(first.id, status="paid", note="b")
        await orders.update(third.id, note="c")
    assert failure(changes, orders.updated(first.id, status="open"), orders.updated(third.id)).splitlines() == [
        "the database did not change as expected",
        "  1 as expected",
        f"  different:  updated Order({first.id}, status='open')",
        "                status: expected 'open', got paid",
        "                note: changed too, from 'a' to 'b'",
        "  if all of this is right, expect it:",
        "    changes.assert_only(",
        f'        updated("Order", {first.id}, status=Status.PAID, note="b"),',
        f'        updated("Order", {third.id}, note="c"),',
        "    )",
    ]


async def test_assert_none_tells_what_changed(shop_kit: Kit, orders: Factory) -> None:
    order = await orders.create(note="a")
    with shop_kit.changes() as changes:
        await orders.update(order.id, note="b")
    with pytest.raises(UnexpectedChanges) as raised:
        changes.assert_none()
    assert str(raised.value).splitlines() == [
        "the database changed, and no change was expected",
        f"  updated Order {order.id}",
        "    note: 'a' -> 'b'",
    ]


async def test_the_factorys_forms_refuse_a_misspelt_field(orders: Factory) -> None:
    for misspelt in (lambda: orders.created(sttaus="paid"), lambda: orders.updated(1, sttaus="paid")):
        with pytest.raises(UnknownField, match="did you mean 'status'"):
            misspelt()


@needs_soft_delete
async def test_the_factorys_forms_know_columns_that_dataflow_adds(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        order = await orders.create()
        pen = await shop_kit.create("Product")
        await shop_kit.delete("Product", pen.id)
    products = shop_kit.factory("Product")
    changes.assert_only(
        orders.created(id=order.id, created_at=IsDatetime, updated_at=IsDatetime),
        products.created(deleted_at=IsDatetime),
    )


async def test_a_factory_of_an_unknown_model_has_no_expectations(shop_kit: Kit) -> None:
    with pytest.raises(UnknownModel, match="did you mean 'Order'"):
        shop_kit.factory("Ordr").created(status="paid")


# --- what cannot be told -------------------------------------------------------------------------------


async def test_a_change_of_the_schema_within_the_block_is_told(new_db: Any, database_kind: Kind) -> None:
    db = new_db()
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        with kit.changes() as changes:
            await kit.create("Note", text="a")
            sql = database_kind.sql(kit.database.url)
            sql("CREATE TABLE extra (id INTEGER PRIMARY KEY)")
            sql("INSERT INTO extra VALUES (1)")
        for check in (changes.assert_none, lambda: changes.assert_only(created("Note", text="a"))):
            with pytest.raises(UnexpectedChanges, match="the schema was changed"):
                check()
        assert str(changes).splitlines() == [
            "created Note 1: text='a'",
            "there may be more: the schema was changed",
        ]
        await kit.reset()


async def test_a_reset_within_the_block_is_told(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.create(note="a")
        await shop_kit.reset()
        await orders.create(note="b")
    assert [change.after.note for change in changes.created("Order") if change.after] == ["b"]
    with pytest.raises(KitError, match="was reset within the block"):
        changes.assert_only(orders.created(note="b"))


async def test_ended_blocks_survive_a_reset(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await orders.create(note="a")
    await shop_kit.reset()
    changes.assert_only(orders.created(note="a"))


@pytest.mark.slow
async def test_two_thousand_rows(shop_kit: Kit, orders: Factory, sql: Sql) -> None:
    with shop_kit.changes() as changes:
        rows = ", ".join(f"('c', {n}, 'open', '')" for n in range(2000))
        sql(f"INSERT INTO orders (customer_id, total, status, note) VALUES {rows}")
    changes.assert_only(*[orders.created(status="open")] * 2000)
    text = failure(changes, *[orders.created(status="paid") for _ in range(2000)])
    assert "\n  ... and 1980 more expected, 1960 more found\n" in text
    assert text.endswith("# ... and 1990 more\n    )")
    assert len(text.splitlines()) < 80


async def test_the_text_of_a_member_is_not_the_member(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        await shop_kit.dataflow.express.create(
            "Order", {"id": 1, "customer_id": "a", "total": 1.0, "note": "", "status": str(Status.PAID)}
        )
    text = failure(changes, orders.created(status=Status.PAID))
    assert "status: expected paid, got 'Status.PAID'" in text
    assert "why: Order.status holds text that is no member: 'Status.PAID' is str(Status.PAID)" in text
    assert "do:  store Status.PAID.value" in text
    (row,) = await orders.rows()
    assert "status='Status.PAID' (no member)" in repr(row)
    assert not row.matches(status=Status.PAID)
    assert await orders.count(status=Status.PAID) == 0


async def test_json_is_compared_and_shown_by_path(shop_kit: Kit, orders: Factory) -> None:
    with shop_kit.changes() as changes:
        order = await orders.create(note='{"a": [1, 2], "b": 1}')
    changes.assert_only(orders.created(note={"a": [1, 2], "b": 1}))
    assert "note['a'][1]: expected 3, got 2" in failure(changes, orders.created(note={"a": [1, 3], "b": 1}))
    with shop_kit.changes() as changes:
        await orders.update(order.id, note='{"a": [1, 2], "b": true}')
    assert str(changes).splitlines()[1:] == ["  note['b']: 1 -> True"]
