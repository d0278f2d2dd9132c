"""get, find, rows, count, exists: all that is there now, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from releases_of_kailash import needs_soft_delete
from sample_app import Colour, Level, Status, register

from kailash_testkit.errors import FieldTypeError, MultipleRowsFound, RowNotFound, UnknownField, UnknownModel
from kailash_testkit.kit import Kit

Sql = Callable[..., list[Any]]


@pytest.fixture
async def kinds(shop_kit: Kit) -> Kit:
    """Twelve rows of Kinds, numbered 1 to 12; from 7 on paid, green and high; from 11 on with a value in maybe."""
    rows = [
        {
            "whole": n,
            "flag": n % 2 == 0,
            "moment": datetime(2025, 1, n),
            "mapping": {"n": n},
            "numbers": [n],
            "scores": {"n": n},
            "status": Status.PAID if n > 6 else Status.OPEN,
            "colour": Colour.GREEN if n > 6 else Colour.RED,
            "level": Level.HIGH if n > 6 else Level.LOW,
            "maybe": n if n > 10 else None,
        }
        for n in range(1, 13)
    ]
    await shop_kit.factory("Kinds", text="t", real=1.5, items=[]).create_many(rows)
    return shop_kit


# --- rows ----------------------------------------------------------------------------------------


async def test_all_rows_come_in_order_of_their_ids_not_the_first_ten(kinds: Kit) -> None:
    assert [row.id for row in await kinds.rows("Kinds")] == list(range(1, 13))
    assert await kinds.count("Kinds") == 12


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"whole": 3}, [3]),
        ({"whole": {"$gt": 3, "$lte": 5}}, [4, 5]),
        ({"whole": {"$in": [1, 12, 99]}}, [1, 12]),
        ({"whole": {"$in": []}}, []),
        ({"whole": {"$nin": []}}, list(range(1, 13))),
        ({"whole": {"$nin": [1, 2]}}, list(range(3, 13))),
        ({"whole": {"$ne": 1}}, list(range(2, 13))),
        ({"flag": True, "whole": {"$lt": 5}}, [2, 4]),
        ({"moment": datetime(2025, 1, 3)}, [3]),
        ({"moment": {"$gte": datetime(2025, 1, 11)}}, [11, 12]),
        ({"status": "paid"}, list(range(7, 13))),
        ({"status": Status.OPEN}, list(range(1, 7))),
        ({"status": {"$in": ["paid"]}}, list(range(7, 13))),
        ({"colour": Colour.GREEN}, list(range(7, 13))),
        ({"level": Level.LOW}, list(range(1, 7))),
        ({"mapping": {"n": 3}}, [3]),
        ({"mapping": {"$ne": {"n": 3}}, "whole": {"$lt": 5}}, [1, 2, 4]),
        ({"numbers": {"$in": [[3], [4]]}}, [3, 4]),
        ({"maybe": None}, list(range(1, 11))),
        ({"maybe": {"$null": True}}, list(range(1, 11))),
        ({"maybe": {"$null": False}}, [11, 12]),
        ({"maybe": {"$ne": None}}, [11, 12]),
        ({"maybe": {"$null": False, "$gt": 11}}, [12]),
        ({"maybe": {"$in": [None, 12]}}, [*range(1, 11), 12]),
        ({"maybe": {"$ne": 11}}, [12]),
        ({"created_at": {"$gt": datetime(2020, 1, 1)}}, list(range(1, 13))),
        ({"id": 3}, [3]),
    ],
)
async def test_filters(kinds: Kit, conditions: Any, expected: list[int]) -> None:
    assert [row.id for row in await kinds.rows("Kinds", **conditions)] == expected
    assert await kinds.count("Kinds", **conditions) == len(expected)
    assert await kinds.exists("Kinds", **conditions) is bool(expected)


async def test_the_order(kinds: Kit) -> None:
    async def ids(order_by: Any) -> list[int]:
        return [row.id for row in await kinds.rows("Kinds", order_by=order_by)]

    assert await ids("-whole") == list(range(12, 0, -1))
    assert await ids(["-flag", "whole"]) == [2, 4, 6, 8, 10, 12, 1, 3, 5, 7, 9, 11]
    assert await ids([]) == list(range(1, 13))


@pytest.mark.parametrize("order_by", ["whol", "-whol", ["flag", "-whol"]])
async def test_an_unknown_column_to_order_by_is_refused(shop_kit: Kit, order_by: Any) -> None:
    with pytest.raises(UnknownField, match="Kinds has no field 'whol': did you mean 'whole'"):
        await shop_kit.rows("Kinds", order_by=order_by)


@pytest.mark.parametrize("verb", ["rows", "count", "exists", "find"])
async def test_an_unknown_field_is_refused_where_sqlite_would_find_nothing(shop_kit: Kit, verb: str) -> None:
    with pytest.raises(UnknownField, match="Order has no field 'sttaus': did you mean 'status'"):
        await getattr(shop_kit, verb)("Order", sttaus="open")


async def test_an_unknown_model_is_refused(shop_kit: Kit) -> None:
    with pytest.raises(UnknownModel, match=r"'Ordr'.*did you mean 'Order'"):
        await shop_kit.rows("Ordr")


async def test_text_that_dataflow_rewrites_in_filters_is_found_where_it_is_stored(shop_kit: Kit, sql: Sql) -> None:
    order = await shop_kit.create("Order")
    sql("UPDATE orders SET note = 'drop table x' WHERE id = ?", order.id)
    assert [row.id for row in await shop_kit.rows("Order", note="drop table x")] == [order.id]
    assert await shop_kit.count("Order", note="drop table x") == 1


# --- what a cache would hide ---------------------------------------------------------------------


async def test_a_list_that_dataflow_has_cached_is_read_anew(
    tmp_path: Path, db_at: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ListNode answers from its cache after a write that did not go through the same instance."""
    import sqlite3

    from dataflow.cache import auto_detection

    monkeypatch.setattr(auto_detection, "redis", None)  # the cache is in memory, whatever listens here
    db = db_at(tmp_path / "cached.db", cache_enabled=True)
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        first = await kit.create("Note", text="a")
        inputs = {"filter": {}, "limit": 100}
        assert len((await kit.execute("Note", "List", inputs))["records"]) == 1
        assert len(await kit.rows("Note")) == 1
        connection = sqlite3.connect(tmp_path / "cached.db", isolation_level=None)
        connection.execute("INSERT INTO notes (text) VALUES ('b')")
        connection.execute("UPDATE notes SET text = 'c' WHERE id = ?", (first.id,))
        connection.close()
        assert [row.text for row in await kit.rows("Note")] == ["c", "b"]
        assert await kit.count("Note") == 2
        assert (await kit.get("Note", first.id)).text == "c"
        cached = await kit.execute("Note", "List", inputs)
        assert len(cached["records"]) == 1, "DataFlow's cache no longer hides rows: this test proves nothing"


# --- get -----------------------------------------------------------------------------------------


async def test_get_returns_the_row_in_the_declared_types(kinds: Kit) -> None:
    row = await kinds.get("Kinds", 7)
    assert row.matches(whole=7, flag=False, numbers=[7], scores={"n": 7}, colour=Colour.GREEN, maybe=None)
    assert row == (await kinds.rows("Kinds", id=7))[0]


async def test_get_of_a_missing_row_tells_how_many_there_are_and_the_closest_ids(kinds: Kit) -> None:
    with pytest.raises(RowNotFound) as caught:
        await kinds.get("Kinds", 99)
    assert (
        str(caught.value)
        == "no Kinds with id 99\n  why: it was never written; table kindses has 12 rows; closest ids: 10, 11, 12"
    )


async def test_get_of_a_missing_text_id_names_the_closest(shop_kit: Kit) -> None:
    for row_id in ("ada", "eve", "bob"):
        await shop_kit.create("Customer", id=row_id)
    with pytest.raises(RowNotFound, match=r"no Customer with id 'adda'\n  why: .* 3 rows; closest ids: 'ada'\n"):
        await shop_kit.get("Customer", "adda")


async def test_get_from_an_empty_table_says_so(shop_kit: Kit) -> None:
    with pytest.raises(
        RowNotFound, match="no Order with id 1\n  why: it was never written; table orders has no rows at all"
    ):
        await shop_kit.get("Order", 1)
    await shop_kit.create("Order")
    with pytest.raises(RowNotFound, match="has 1 row; closest ids: 1"):
        await shop_kit.get("Order", 2)


@pytest.mark.parametrize(
    ("model", "row_id", "words"),
    [
        ("Order", "1", "Order.id: expected int, got '1' (str)"),
        ("Order", True, "Order.id: expected int, got True (bool)"),
        ("Order", None, "Order.id: expected int, not None"),
        ("Customer", 1, "Customer.id: expected str, got 1 (int)"),
    ],
)
async def test_an_id_of_the_wrong_type_is_not_converted(shop_kit: Kit, model: str, row_id: object, words: str) -> None:
    for verb in (shop_kit.get, shop_kit.delete, shop_kit.update):
        with pytest.raises(FieldTypeError) as caught:
            await verb(model, row_id)
        assert words in str(caught.value)


# --- find ----------------------------------------------------------------------------------------


async def test_find_returns_the_one_row_or_none(kinds: Kit) -> None:
    found = await kinds.find("Kinds", whole=3)
    assert found is not None
    assert found.id == 3
    assert await kinds.find("Kinds", whole=99) is None


async def test_find_of_several_rows_shows_some_of_them(kinds: Kit) -> None:
    with pytest.raises(MultipleRowsFound) as caught:
        await kinds.find("Kinds", status="paid")
    message = str(caught.value)
    assert "6 rows of Kinds match {'status': 'paid'}, expected at most one" in message
    assert "Kinds(id=7" in message
    assert "... and 3 more" in message
    assert "use rows(Kinds, ...)" in message
    assert len(message.splitlines()) <= 10


# --- soft-deleted rows ---------------------------------------------------------------------------


@needs_soft_delete
async def test_soft_deleted_rows_are_hidden_unless_asked_for(shop_kit: Kit) -> None:
    kept = await shop_kit.create("Product", id="kept")
    gone = await shop_kit.create("Product", id="gone")
    await shop_kit.delete("Product", gone.id)
    assert await shop_kit.rows("Product") == [kept]
    assert await shop_kit.count("Product") == 1
    assert not await shop_kit.exists("Product", id="gone")
    assert await shop_kit.find("Product", id="gone") is None
    everything = await shop_kit.rows("Product", include_deleted=True)
    assert [row.id for row in everything] == ["gone", "kept"]
    assert isinstance(everything[0].deleted_at, datetime)
    deleted = await shop_kit.rows("Product", include_deleted=True, deleted_at={"$null": False})
    assert [row.id for row in deleted] == ["gone"]
    with pytest.raises(
        RowNotFound, match=r"(?s)is visible.*is in the database, soft-deleted at 20.*include_deleted=True"
    ):
        await shop_kit.get("Product", "gone")
