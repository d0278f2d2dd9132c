"""Rows as of another day: moments that DataFlow discards, written by the kit on each kind of database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from database_kinds import Kind, Sql
from freezegun import freeze_time
from sample_app import register

from kailash_testkit import Factory, created, derived, related, sequence
from kailash_testkit.errors import FieldTypeError, StoredRowMismatch
from kailash_testkit.internals.releases import SOFT_DELETE
from kailash_testkit.kit import Kit

pytestmark = pytest.mark.databases
OLD, LATER = datetime(2020, 2, 3, 4, 5, 6), datetime(2021, 2, 3, 4, 5, 6)


async def test_a_row_of_another_day_is_one_created_row_and_is_undone(shop_kit: Kit, sql: Sql) -> None:
    await shop_kit.create("Order")
    with shop_kit.changes() as changes:
        order = await shop_kit.create("Order", created_at=OLD, updated_at=LATER, note="old")
    assert (order.created_at, order.updated_at, order.note) == (OLD, LATER, "old")
    assert await shop_kit.get("Order", order.id) == order
    assert await shop_kit.rows("Order", created_at={"$lt": LATER}) == [order]
    changes.assert_only(created("Order", created_at=OLD, updated_at=LATER))
    await shop_kit.reset()
    assert sql("SELECT count(*) FROM orders")[0][0] == 0


async def test_what_is_not_asked_for_stays_as_dataflow_set_it(shop_kit: Kit) -> None:
    before = await shop_kit.create("Order")
    order = await shop_kit.create("Order", created_at=OLD)
    assert order.created_at == OLD
    assert timedelta(0) <= order.updated_at - before.updated_at < timedelta(minutes=1)


async def test_an_age_is_taken_off_what_dataflow_stored(shop_kit: Kit) -> None:
    fresh = await shop_kit.create("Order")
    old = await shop_kit.factory("Order").aged(weeks=4, days=2).create()
    for name in ("created_at", "updated_at"):
        assert timedelta(0) <= old[name] + timedelta(days=30) - fresh[name] < timedelta(minutes=1)
    stale = await shop_kit.factory("Order").aged(hours=2).create(created_at=OLD)
    assert stale.created_at == OLD
    assert timedelta(hours=1) < fresh.updated_at - stale.updated_at <= timedelta(hours=2)


async def test_batches_children_and_parents_have_moments_of_their_own(shop_kit: Kit) -> None:
    customers = shop_kit.factory("Customer").aged(days=365)
    orders = shop_kit.factory("Order", customer_id=related(customers))
    days = sequence(lambda n: OLD + timedelta(days=n))
    many = await orders.create_many([{"created_at": days, "updated_at": LATER}, {"created_at": OLD}, {}])
    assert many[0].created_at > OLD
    assert (many[0].updated_at, many[1].created_at) == (LATER, OLD)
    assert many[2].created_at > LATER
    parents = await shop_kit.rows("Customer")
    assert all(many[2].created_at - parent.created_at > timedelta(days=364) for parent in parents)

    owner = await customers.with_children(orders, [{"created_at": OLD}, {}], via="customer_id").create()
    assert [order.created_at == OLD for order in await orders.rows(customer_id=owner.id)] == [True, False]


async def test_values_are_derived_from_a_moment_that_is_given(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order", note=derived(lambda row: f"{row.created_at:%Y}"))
    assert (await orders.create(created_at=OLD)).note == "2020"
    assert orders.build(created_at=OLD)["created_at"] == OLD
    assert "created_at" not in shop_kit.factory("Order").aged(days=1).payload()


async def test_a_time_zone_is_turned_into_the_clock_of_the_database(
    shop_kit: Kit, sql: Sql, database_kind: Kind
) -> None:
    now = {"sqlite": "SELECT CURRENT_TIMESTAMP", "postgresql": "SELECT LOCALTIMESTAMP", "mysql": "SELECT now()"}
    clock = datetime.fromisoformat(str(sql(now[database_kind.name])[0][0])).replace(microsecond=0)
    moment = datetime.now(UTC).replace(microsecond=0)
    india = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    order = await shop_kit.create("Order", created_at=india)
    assert abs(order.created_at - clock) < timedelta(minutes=1)
    assert order.created_at.tzinfo is None
    summer = await shop_kit.create("Order", created_at=datetime(2024, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))))
    assert summer.created_at.minute == 0


@pytest.mark.databases("postgresql")
async def test_a_database_with_a_time_zone_of_its_own(url_of: Any, db_at: Any, database_kind: Kind) -> None:
    name = url_of("shop").rpartition("/")[2].partition("?")[0]
    database_kind.sql(url_of("shop"))(f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Kolkata'")
    db = db_at(url_of("shop"), **database_kind.options)
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        note = await kit.create("Note", text="a", created_at=datetime(2024, 7, 1, 12, tzinfo=UTC))
        assert note.created_at == datetime(2024, 7, 1, 17, 30)
        fresh = await kit.create("Note", text="a", created_at=datetime.now(UTC))
        assert abs(fresh.created_at - fresh.updated_at) < timedelta(minutes=1)


@pytest.mark.databases("mysql")
async def test_a_server_with_a_time_zone_of_its_own(shop_kit: Kit) -> None:
    connection = shop_kit.database._connection  # type: ignore[attr-defined]
    ((before,),) = connection.run("SELECT @@session.time_zone")
    connection.run("SET SESSION time_zone = '+05:30'")
    try:
        assert shop_kit.database.local_moment(datetime(2024, 7, 1, 12, 0, 0, 5, tzinfo=UTC)) == datetime(
            2024, 7, 1, 17, 30, 0, 5
        )
        order = await shop_kit.create("Order", created_at=datetime(2024, 7, 1, 12, tzinfo=UTC))
        assert order.created_at == datetime(2024, 7, 1, 17, 30)
    finally:
        connection.run("SET SESSION time_zone = %s", [before])


async def test_microseconds_are_kept_as_far_as_the_column_does(shop_kit: Kit, database_kind: Kind) -> None:
    moment = OLD.replace(microsecond=999999)
    order = await shop_kit.create("Order", created_at=moment)
    assert order.created_at == (moment if database_kind.microseconds else OLD)


async def test_moments_that_the_model_declares_as_texts(shop_kit: Kit) -> None:
    row = await shop_kit.create("Stamped", created_at=OLD, updated_at="2021-02-03T04:05:06")
    assert (row.created_at, row.updated_at) == (str(OLD), str(LATER))
    aged = await shop_kit.factory("Stamped").aged(days=1).create()
    assert datetime.fromisoformat(aged.created_at) < datetime.fromisoformat(
        (await shop_kit.create("Stamped")).created_at
    )


async def test_an_update_of_moments(shop_kit: Kit) -> None:
    order = await shop_kit.create("Order", note="a")
    stale = await shop_kit.update("Order", order.id, updated_at=OLD)
    assert (stale.updated_at, stale.created_at, stale.note) == (OLD, order.created_at, "a")
    both = await shop_kit.update("Order", order.id, updated_at=LATER, note="b")
    assert (both.updated_at, both.note) == (LATER, "b")
    moved = await shop_kit.update("Order", order.id, created_at=OLD)
    assert (moved.created_at, moved.updated_at) == (OLD, LATER)  # MariaDB sets it by itself, unless told not to


@pytest.mark.skipif(not SOFT_DELETE.holds(), reason="rows are deleted for good")
async def test_a_row_that_was_deleted_softly_another_day(shop_kit: Kit) -> None:
    product = await shop_kit.create("Product", deleted_at=OLD, created_at=OLD)
    assert product.deleted_at == OLD
    assert await shop_kit.count("Product") == 0
    assert await shop_kit.get("Product", product.id, include_deleted=True) == product
    assert (await shop_kit.create("Product", deleted_at=None)).deleted_at is None


async def test_a_tenant_keeps_its_rows(new_db: Any) -> None:
    db = new_db(multi_tenant=True)
    register(db, "Note", id=str, text=str, tenant_id=str)
    async with Kit(db) as kit:
        with kit.tenant("red"):
            note = await kit.factory("Note").aged(days=9).create(text="a")
            assert (note.tenant_id, note.text) == ("red", "a")
            assert await kit.get("Note", note.id) == note


async def test_a_trigger_that_sets_the_moment_is_noticed_and_nothing_stays(
    own_kit: Kit, own_sql: Sql, database_kind: Kind
) -> None:
    for statement in database_kind.altering("UPDATE", "orders", "total", 7):
        own_sql(statement.replace("total", "created_at").replace("7", "'2001-01-01 00:00:00'"))
    with pytest.raises(
        StoredRowMismatch, match=r"(?s)created_at.*the kit has written it itself.*trigger on table orders"
    ):
        await own_kit.factory("Order").create_many(2, created_at=OLD)
    assert own_sql("SELECT count(*) FROM orders")[0][0] == 0


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("value", ["2020-01-01", 3, None, OLD.date()])
async def test_what_is_no_moment_is_refused(shop_kit: Kit, value: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"(?s)Order.created_at: expected datetime, got .*aged\(days=30\)"):
        await shop_kit.create("Order", created_at=value)
    assert await shop_kit.count("Order") == 0


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("age", [{}, {"days": -1}, {"days": "1"}, {"hours": 0}, {"days": 10**12}])
def test_what_is_no_age_is_refused(shop_db: Any, age: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"aged\(.*\) is no age"):
        Factory("Order", dataflow=shop_db).aged(**age)


@pytest.mark.databases("sqlite")
async def test_a_row_cannot_be_older_than_time(shop_kit: Kit) -> None:
    with pytest.raises(FieldTypeError, match=r"cannot be .* old"):
        await shop_kit.factory("Order").aged(days=800_000).create()
    assert await shop_kit.count("Order") == 0


async def test_frozen_time_makes_no_difference(shop_kit: Kit) -> None:
    with freeze_time("2019-05-06 07:08:09"):
        order = await shop_kit.create("Order", created_at=datetime.now())
    assert order.created_at == datetime(2019, 5, 6, 7, 8, 9)
