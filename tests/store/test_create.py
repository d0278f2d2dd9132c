"""Creating a row: what comes back is what is stored, or an error says what is not."""

# ruff: noqa: UP045 - types are written in every way that applications write them

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Literal, Optional
from uuid import UUID

import pytest
from database_kinds import Kind, Meddle
from sample_app import Colour, Level, Status, register

from kailash_testkit.errors import (
    FieldTypeError,
    NodeFailed,
    SeedingFailed,
    StoredRowMismatch,
    UnknownField,
)
from kailash_testkit.kit import Kit
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.rows import Row
from kailash_testkit.store.store import Store

Sql = Callable[..., list[Any]]

KINDS: dict[str, Any] = {
    "text": "é✓ O'Reilly\n ",
    "whole": 2**31 - 1,
    "real": 1.1,
    "flag": True,
    "moment": datetime(2025, 1, 2, 3, 4, 5, 678901),
    "mapping": {"a": [1, None, {"b": "select * from x"}]},
    "items": [1, "a", None],
    "numbers": [1, 2],
    "scores": {"a": 1},
    "status": Status.PAID,
    "colour": Colour.GREEN,
    "level": Level.HIGH,
    "maybe": 3,
    "later": datetime(2025, 1, 2),
    "tags": ["x"],
}


async def stored_raw(kit: Kit, model: str, **values: Any) -> Row:
    """Past the factory, which refuses types that DataFlow cannot store."""
    known = kit.store.model(model)
    return await kit.store.create(known, checked_values(known, values))


def lines(error: pytest.ExceptionInfo[BaseException]) -> list[str]:
    return str(error.value).splitlines()


# --- what comes back -----------------------------------------------------------------------------


async def test_every_kind_of_field_comes_back_as_it_went_in(shop_kit: Kit, database_kind: Kind) -> None:
    given = dict(KINDS)
    if not database_kind.microseconds:
        given["moment"] = given["moment"].replace(microsecond=0)
    created = await shop_kit.create("Kinds", **given)
    for row in (created, await shop_kit.get("Kinds", created.id), *await shop_kit.rows("Kinds")):
        assert {name: row[name] for name in given} == given
        assert {name: type(row[name]) for name in given} == {name: type(value) for name, value in given.items()}


async def test_the_row_is_what_is_stored_with_its_id_defaults_and_timestamps(shop_kit: Kit, sql: Sql) -> None:
    row = await shop_kit.create("Order", total=3)
    assert (row.id, row.status, row.note, row.total) == (1, Status.OPEN, "", 3.0)
    assert type(row.total) is float
    assert abs(row.created_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)
    assert sql("SELECT id, status, total FROM orders") == [(1, "open", 3.0)]
    assert row == await shop_kit.get("Order", row.id)


@pytest.mark.databases("sqlite")
async def test_an_aware_datetime_keeps_its_instant(shop_kit: Kit) -> None:
    noon = datetime(2025, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    assert (await shop_kit.create("Kinds", moment=noon)).moment == noon


async def test_field_names_that_mean_something_to_nodes_are_only_fields(shop_kit: Kit) -> None:
    row = await shop_kit.create("Clash", name="n", version="v", node_id="i", metadata={"a": 1}, keys="k", json="j")
    assert (row.name, row.version, row.node_id, row.metadata, row.keys, row.json) == (
        "n",
        "v",
        "i",
        {"a": 1},
        "k",
        "j",
    )


async def test_a_callable_default_is_called_for_each_row(new_db: Any) -> None:
    numbers = itertools.count(1)
    db = new_db()
    register(db, "Visit", id=int, at=(datetime, datetime.now), place=(int, lambda: next(numbers)))
    async with Kit(db) as kit:
        made = [await kit.create("Visit") for _ in range(3)]
        given = await kit.create("Visit", place=7)
    assert {type(row.at) for row in made} == {datetime}
    assert made[0].place < made[1].place < made[2].place
    assert given.place == 7


async def test_declared_timestamps_need_no_value(shop_kit: Kit) -> None:
    row = await shop_kit.create("Stamped")
    assert datetime.fromisoformat(row.created_at) == datetime.fromisoformat(row.updated_at)


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["Order", "Event"])
async def test_the_database_numbers_rows_whose_id_is_an_int_or_not_declared(shop_kit: Kit, model: str) -> None:
    assert [(await shop_kit.create(model)).id for _ in range(3)] == [1, 2, 3]


async def test_a_given_id_is_kept_and_the_next_is_higher(shop_kit: Kit) -> None:
    assert (await shop_kit.create("Order", id=77)).id == 77
    assert (await shop_kit.create("Order")).id == 78
    assert (await shop_kit.create("Order", id=5)).id == 5
    assert (await shop_kit.create("Order")).id == 79


async def test_a_text_id_is_made_where_dataflow_would_store_null(shop_kit: Kit, sql: Sql) -> None:
    row = await shop_kit.create("Customer")
    assert row.id == "customer-1"
    assert sql("SELECT id FROM customers") == [("customer-1",)]


async def test_an_optional_int_id_is_left_to_the_database(new_db: Any) -> None:
    db = new_db()
    register(db, "Loose", id=(Optional[int], None), text=str)
    async with Kit(db) as kit:
        assert [(await kit.create("Loose")).id for _ in range(2)] == [1, 2]


@pytest.mark.databases("sqlite")  # triggers of MariaDB cannot insert into their table; PostgreSQL tells the new id
async def test_the_row_is_found_among_rows_that_others_insert_at_the_same_time(own_kit: Kit, own_sql: Sql) -> None:
    own_sql("CREATE TRIGGER echo AFTER INSERT ON events WHEN new.kind = 'mine' BEGIN "
        "INSERT INTO events (kind) VALUES ('theirs'); END")  # fmt: skip
    row = await own_kit.create("Event", kind="mine")
    assert (row.id, row.kind) == (1, "mine")


async def test_rows_of_equal_values_are_told_apart(shop_kit: Kit) -> None:
    assert [(await shop_kit.create("Event", kind="same")).id for _ in range(3)] == [1, 2, 3]


async def test_thirty_creates_at_once_are_thirty_rows_each_its_own(shop_kit: Kit) -> None:
    orders = await asyncio.gather(*(shop_kit.create("Order", note=f"n{n}") for n in range(30)))
    assert [order.note for order in orders] == [f"n{n}" for n in range(30)]
    assert len({order.id for order in orders}) == 30
    assert await shop_kit.count("Order") == 30


# --- values that cannot be stored ----------------------------------------------------------------


@pytest.mark.databases("sqlite")
async def test_bytes_are_stored_as_text_and_that_is_told_side_by_side(shop_kit: Kit) -> None:
    with pytest.raises(StoredRowMismatch) as caught:
        await stored_raw(shop_kit, "Picture", title="t", data=b"\x01")
    assert lines(caught) == [
        "Picture 1 was created, but not as requested: data",
        """  data: requested b'\\x01', stored "b'\\\\x01'"  (declared bytes)""",
        "  why: DataFlow or the database changed the value on its way",
        "  do:  declare the field with a type that survives (str, int, float, bool, datetime, dict, list)",
    ]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("select * from x", "SELECT_FROM x"),
        ("Please drop  table 5", "DROP_TABLE"),
        ("to be or 1=1", "OR_1_EQUALS_1"),
        ("a; DELETE it", "STATEMENT_BLOCKED"),
        ("signed --", "COMMENT_BLOCKED"),
        ("a /* b */ c", "COMMENT_BLOCKED"),
        ("x" * 200 + "insert into y", "INSERT_INTO"),
    ],
)
async def test_text_that_dataflow_rewrites_because_it_looks_like_sql_is_told(
    shop_kit: Kit, text: str, stored: str
) -> None:
    with pytest.raises(StoredRowMismatch) as caught:
        await shop_kit.create("Order", note=text)
    message = str(caught.value)
    assert "not as requested: note" in message
    assert stored in message
    assert "DataFlow's protection against SQL injection rewrites text" in message
    assert "give another text" in message


@pytest.mark.parametrize("text", ["it's", "a -- b", "selected from x", "O'Reilly; friends", "1=1", "null", "<script>"])
async def test_text_that_only_resembles_sql_is_stored(shop_kit: Kit, text: str) -> None:
    assert (await shop_kit.create("Order", note=text)).note == text


async def test_keys_that_json_turns_into_text_are_told(shop_kit: Kit) -> None:
    with pytest.raises(StoredRowMismatch, match=r"requested \{1: 2\}, stored \{'1': 2\}"):
        await shop_kit.create("Kinds", mapping={1: 2})


@pytest.mark.databases("sqlite", "mysql")
async def test_many_differences_stay_within_ten_lines(new_db: Any) -> None:
    db = new_db()
    register(db, "Album", id=int, **{f"picture{n}": bytes for n in range(12)})
    async with Kit(db) as kit:
        with pytest.raises(StoredRowMismatch) as caught:
            await stored_raw(kit, "Album", **{f"picture{n}": b"x" for n in range(12)})
    assert len(lines(caught)) <= 10
    assert "... and 6 more" in str(caught.value)
    assert "picture11" in lines(caught)[0]


async def test_a_trigger_that_changes_the_row_is_noticed(own_kit: Kit, meddle: Meddle) -> None:
    meddle("INSERT", total=0)
    with pytest.raises(StoredRowMismatch, match=r"Order 1 .*(?s:.*)requested 5.5, stored 0.0  \(declared float\)"):
        await own_kit.create("Order", total=5.5)


@pytest.mark.databases("sqlite", "postgresql")  # triggers of MariaDB and MySQL cannot skip a row
async def test_a_row_that_vanishes_is_no_success(own_kit: Kit, own_sql: Sql, database_kind: Kind) -> None:
    for statement in database_kind.skipping("INSERT", "orders"):
        own_sql(statement)
    with pytest.raises(SeedingFailed) as caught:
        await own_kit.create("Order")
    assert "DataFlow reported that the Order was stored, but it is not in table orders" in str(caught.value)


# --- DataFlow's silent failures ------------------------------------------------------------------


async def test_a_unique_violation_fails_with_the_databases_words_the_values_and_a_cure(
    shop_kit: Kit, database_kind: Kind
) -> None:
    await stored_raw(shop_kit, "Customer", id="first", name="Eve", email="a@example.com")
    with pytest.raises(SeedingFailed) as caught:
        await shop_kit.create("Customer", id="other", email="a@example.com", name="Ada")
    first, *rest = lines(caught)
    assert first.startswith(f"Customer was not stored: {database_kind.duplicate}")
    assert "email" in first
    assert rest == [
        "  values: {'id': 'other', 'name': 'Ada', 'email': 'a@example.com'}",
        "  why: CustomerCreateNode reported success: False",
        "  do:  give another value for the column that the database names",
    ]
    assert await shop_kit.count("Customer") == 1


async def test_an_id_that_is_taken_fails_and_the_row_that_has_it_stays(shop_kit: Kit, database_kind: Kind) -> None:
    first = await stored_raw(shop_kit, "Customer", id="a", name="Ada", email="a@example.com")
    with pytest.raises(SeedingFailed, match=f"Customer was not stored: {database_kind.duplicate}"):
        await shop_kit.create("Customer", id="a", name="Ada", email="a@example.com")
    assert await shop_kit.rows("Customer") == [first]


async def test_a_value_that_nobody_gave_fails(shop_store: Store) -> None:
    """Past the factory, which would have made a value: as when the model lacks what the table demands."""
    with pytest.raises(SeedingFailed) as caught:
        await shop_store.create(shop_store.model("Order"), {"total": 1.0})
    assert lines(caught) == [
        "Order was not stored: no value for the required field customer_id",
        "  values: {'total': 1.0}",
        "  why: OrderCreateNode reported success: False",
    ]


@pytest.mark.databases("sqlite")
async def test_a_nan_is_null_on_sqlite(shop_kit: Kit) -> None:
    with pytest.raises(
        SeedingFailed, match=r"NOT NULL constraint failed: orders.total(?s:.*)give a value for the column"
    ):
        await shop_kit.create("Order", total=float("nan"))


@pytest.mark.databases("postgresql", "mysql")
async def test_a_value_that_the_table_demands_and_the_model_does_not_know_fails(own_kit: Kit, own_sql: Sql) -> None:
    own_sql("ALTER TABLE orders ADD COLUMN demanded INTEGER NOT NULL")
    with pytest.raises(SeedingFailed, match=r"""['"]demanded['"](?s:.*)give a value for the column"""):
        await own_kit.create("Order")


async def test_a_table_that_was_dropped_is_named(new_db: Any, database_kind: Kind) -> None:
    db = new_db()
    register(db, "Note", id=str, text=str)
    async with Kit(db) as kit:
        await kit.create("Note")
        database_kind.sql(kit.database.url)("ALTER TABLE notes RENAME TO elsewhere")
        with pytest.raises(Exception, match=database_kind.no_table):
            await kit.create("Note")


@pytest.mark.databases("sqlite", "mysql")
async def test_a_date_is_stored_before_the_node_fails_and_the_error_says_so(new_db: Any) -> None:
    db = new_db()
    register(db, "Holiday", id=int, day=date)
    async with Kit(db) as kit:
        with pytest.raises(SeedingFailed) as caught:
            await stored_raw(kit, "Holiday", day=date(2025, 1, 2))
        assert await kit.count("Holiday") == 1
    assert "Holiday 1 was stored, but its CreateNode failed then: Node outputs must be JSON" in str(caught.value)
    assert "HolidayCreateNode raised" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (time, time(1, 2), "time"),
        (tuple, (1,), "tuple"),
        (Literal["a", "b"], "a", "typing.Literal cannot be used with isinstance()"),
        (Any, "a", "typing.Any cannot be used with isinstance()"),
    ],
    ids=str,
)
async def test_types_that_dataflow_cannot_store_are_told_with_those_it_can(
    new_db: Any, kind: object, value: object, words: str
) -> None:
    db = new_db()
    register(db, "Odd", id=int, value=kind)
    async with Kit(db) as kit:
        with pytest.raises(SeedingFailed) as caught:
            await stored_raw(kit, "Odd", value=value)
    assert words in str(caught.value)
    assert "declare the field with a type that survives (str, int" in str(caught.value)


async def test_a_node_that_cannot_even_be_made_fails_in_the_kits_words(new_db: Any) -> None:
    db = new_db()
    register(db, "Odd", id=int, value=(Literal["a", "b"], "a"))
    async with Kit(db) as kit:
        with pytest.raises(SeedingFailed) as caught:
            await stored_raw(kit, "Odd", value="b")
    assert lines(caught)[0] == "Odd was not stored: typing.Literal cannot be used with isinstance()"
    assert "Kailash cannot make OddCreateNode" in str(caught.value)


async def test_an_id_of_a_type_that_cannot_be_stored_fails_in_the_kits_words(new_db: Any) -> None:
    db = new_db()
    register(db, "Odd", id=UUID, text=str)
    async with Kit(db) as kit:
        with pytest.raises(SeedingFailed, match=r"(?s)Odd was not stored: .*UUID"):
            await stored_raw(kit, "Odd", id=UUID("12345678-1234-5678-1234-567812345678"), text="a")


# --- refused before anything runs ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"totl": 1.0}, UnknownField),
        ({"total": "1"}, FieldTypeError),
        ({"total": True}, FieldTypeError),
        ({"status": "payd"}, FieldTypeError),
        ({"created_at": "2025-01-01"}, FieldTypeError),
        ({"id": None}, FieldTypeError),
    ],
)
async def test_what_dataflow_would_swallow_is_refused_and_nothing_is_stored(
    shop_kit: Kit, values: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await shop_kit.create("Order", **values)
    assert await shop_kit.count("Order") == 0


async def test_seeding_failed_is_a_failure_of_a_node() -> None:
    assert issubclass(SeedingFailed, NodeFailed)
