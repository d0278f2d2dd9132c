"""Reading rows: pages, the first and the last, softly deleted ones, conditions on texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from database_kinds import Kind
from sample_app import register

from kailash_testkit import Factory, KitError
from kailash_testkit.errors import FieldTypeError, RowNotFound, UnknownField
from kailash_testkit.internals.releases import SOFT_DELETE
from kailash_testkit.kit import Kit


def ids(rows: list[Any]) -> list[object]:
    return [row["id"] for row in rows]


async def test_pages_of_rows(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order")
    first, *_ = await orders.create_many([{"total": total, "note": str(total)} for total in (3.0, 1.0, 3.0, 2.0, 3.0)])
    a, b, c, d, e = range(first.id, first.id + 5)
    assert ids(await orders.rows(limit=2)) == [a, b]
    assert ids(await orders.rows(limit=2, offset=4)) == [e]
    assert ids(await orders.rows(offset=3)) == [d, e]
    assert await orders.rows(limit=0) == []
    assert ids(await orders.rows(order_by="-total", limit=2, offset=1)) == [c, e]  # of equal totals, by the id
    assert ids(await orders.rows(order_by=["-total", "-id"], limit=2)) == [e, c]
    conditions = {"note": {"$endswith": ".0"}, "total": {"$gt": 1.5}}  # decided in Python and by the database
    assert ids(await orders.rows(order_by="-id", limit=2, offset=1, **conditions)) == [d, c]
    assert ids(await shop_kit.rows("Order", limit=1, offset=1)) == [b]


async def test_the_first_and_the_last(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order")
    assert (await orders.first(), await orders.last()) == (None, None)
    one, two, three = await orders.create_many([{"total": total} for total in (2.0, 1.0, 2.0)])
    assert (await orders.first(), await orders.last()) == (one, three)
    assert (await orders.first(order_by="-total"), await orders.last(order_by="-total")) == (one, two)
    assert (await shop_kit.first("Order", total=1.0), await shop_kit.last("Order", total=2.0)) == (two, three)
    with pytest.raises(UnknownField, match="did you mean 'total'"):
        await orders.last(order_by="-totl")


@pytest.mark.parametrize("page", [{"limit": -1}, {"limit": True}, {"limit": "3"}, {"offset": -1}, {"offset": None}])
async def test_what_is_no_number_of_rows_is_refused(shop_kit: Kit, page: dict[str, Any]) -> None:
    with pytest.raises(FieldTypeError, match="is no number of rows"):
        await shop_kit.rows("Order", **page)


async def test_a_column_named_limit_is_a_condition(new_db: Any) -> None:
    db = new_db()
    register(db, "Account", id=int, limit=int)
    async with Kit(db) as kit:
        await kit.create("Account", limit=5)
        six = await kit.create("Account", limit=6)
        assert await kit.rows("Account", limit=6) == [six]
        assert await kit.count("Account", limit=6) == 1


@pytest.mark.skipif(not SOFT_DELETE.holds(), reason="rows are deleted for good")
async def test_softly_deleted_rows_on_request(shop_kit: Kit) -> None:
    products = shop_kit.factory("Product")
    kept, gone = await products.create_many(2, name="x")
    await products.delete(gone.id)
    deleted = await products.get(gone.id, include_deleted=True)
    assert deleted.deleted_at is not None
    with pytest.raises(RowNotFound):
        await products.get(gone.id)
    with pytest.raises(RowNotFound):
        await products.get("nowhere", include_deleted=True)
    assert await products.find(id=gone.id) is None
    assert await products.find(id=gone.id, include_deleted=True) == deleted
    assert await products.last() == kept
    assert await products.last(include_deleted=True) == deleted
    assert await products.first(include_deleted=True, name="x") == kept
    assert (await products.count(), await products.count(include_deleted=True)) == (1, 2)
    assert not await products.exists(id=gone.id)
    assert await shop_kit.exists("Product", id=gone.id, include_deleted=True)
    assert len(await products.rows(include_deleted=True, name={"$startswith": "x"})) == 2


async def test_rows_that_are_no_longer_hidden_are_also_read_where_nothing_is_hidden(shop_kit: Kit) -> None:
    order = await shop_kit.create("Order")
    assert await shop_kit.get("Order", order.id, include_deleted=True) == order


NOTES = ["Tea", "tea", "tea ", "TEA time", "été", "ete", "50% off", "a_b", "aXb", r"a\b", "x*", "straße", "it's"]


@pytest.mark.databases
@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("tea", ["tea"]),
        ({"$in": ["tea", "ete"]}, ["tea", "ete"]),
        ({"$ne": "tea", "$istartswith": "tea"}, ["Tea", "tea ", "TEA time"]),
        ({"$contains": "ea"}, ["Tea", "tea", "tea "]),
        ({"$icontains": "EA"}, ["Tea", "tea", "tea ", "TEA time"]),
        ({"$startswith": "t"}, ["tea", "tea "]),
        ({"$endswith": " "}, ["tea "]),
        ({"$iequals": "TEA"}, ["Tea", "tea"]),
        ({"$iendswith": "TIME"}, ["TEA time"]),
        ({"$contains": "é"}, ["été"]),
        ({"$icontains": "É"}, ["été"]),
        ({"$contains": "%"}, ["50% off"]),
        ({"$contains": "_"}, ["a_b"]),
        ({"$contains": "\\"}, [r"a\b"]),
        ({"$endswith": "*"}, ["x*"]),
        ({"$icontains": "STRASSE"}, ["straße"]),
        ({"$contains": "'"}, ["it's"]),
        ({"$between": ["a", "b"]}, ["a_b", "aXb", r"a\b"]),
        ({"$gt": "x"}, ["x*", "été"]),
    ],
)
async def test_texts_are_compared_character_by_character(
    notes: Factory, condition: Any, found: list[str], database_kind: Kind
) -> None:
    rows = await notes.rows(nickname=condition)
    assert sorted(row.nickname for row in rows) == sorted(found)
    assert await notes.count(nickname=condition) == len(found)


@pytest.fixture
async def notes(shop_kit: Kit) -> Factory:
    customers = shop_kit.factory("Customer")
    await customers.create_many([{"nickname": note} for note in [*NOTES, None]])
    return customers


@pytest.mark.databases
async def test_ranges_of_moments(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order")
    now = (await orders.create()).created_at
    second = timedelta(seconds=1)
    for within in ({"$between": [now, now]}, {"$gt": now - second, "$lt": now + second}, {"$gte": now}, now):
        assert await orders.count(created_at=within) == 1, within
    for without in ({"$between": [now - 2 * second, now - second]}, {"$gt": now}, {"$lt": now}, {"$ne": now}):
        assert await orders.count(created_at=without) == 0, without


def test_for_synchronous_tests(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order")
    one, two = orders.create_many_sync(2)
    assert (orders.first_sync(), orders.last_sync(order_by="id")) == (one, two)
    assert orders.rows_sync(limit=1, offset=1) == [two] == sync_kit.rows_sync("Order", limit=1, offset=1)
    assert sync_kit.first_sync("Order", id=two.id) == two == sync_kit.last_sync("Order")
    assert orders.get_sync(one.id, include_deleted=True) == one == sync_kit.get_sync("Order", one.id)
    assert (orders.count_sync(include_deleted=True), orders.exists_sync(id=0)) == (2, False)
    with pytest.raises(KitError):
        orders.find_sync()
