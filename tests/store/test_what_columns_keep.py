"""Values that a column of the database cannot hold: an error with the cure, and never silence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from database_kinds import Kind
from releases_of_kailash import require_function_defaults
from sample_app import Status

from kailash_testkit.errors import NodeFailed, RowNotFound, SeedingFailed, StoredRowMismatch
from kailash_testkit.kit import Kit

NOON = datetime(2025, 1, 2, 12, 0, 0)

on_servers = pytest.mark.databases("postgresql", "mysql")
on_postgresql = pytest.mark.databases("postgresql")
on_mysql = pytest.mark.databases("mysql")


@pytest.mark.databases("sqlite")
async def test_large_numbers_on_sqlite(shop_kit: Kit) -> None:
    assert (await shop_kit.create("Kinds", whole=2**62)).whole == 2**62


@on_servers
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**62])
async def test_a_number_of_more_than_four_bytes(shop_kit: Kit, number: int) -> None:
    with pytest.raises(SeedingFailed, match=r"(?si)out of (int32 )?range.*give a smaller number: .* four bytes"):
        await shop_kit.create("Kinds", whole=number)
    assert await shop_kit.count("Kinds") == 0
    row = await shop_kit.create("Kinds")
    with pytest.raises(NodeFailed, match=r"(?si)out of (int32 )?range.*give a smaller number"):
        await shop_kit.update("Kinds", row.id, whole=number)


async def test_an_id_that_no_row_can_have_is_not_found(shop_kit: Kit) -> None:
    await shop_kit.create("Order")
    for verb in (shop_kit.get, shop_kit.update, shop_kit.delete):
        with pytest.raises(RowNotFound, match=r"no Order with id 1099511627776"):
            await verb("Order", 2**40)


@on_mysql
async def test_a_text_of_more_than_255_characters(shop_kit: Kit) -> None:
    assert (await shop_kit.create("Order", note="x" * 255)).note == "x" * 255
    with pytest.raises(SeedingFailed, match=r"(?s)Data too long for column 'note'.*shorter text: .* 255 characters"):
        await shop_kit.create("Order", note="x" * 256)


@on_postgresql
async def test_the_character_nul(shop_kit: Kit) -> None:
    with pytest.raises(SeedingFailed, match=r"(?s)0x00.*give a text without the character NUL"):
        await shop_kit.create("Order", note="a\0b")


@on_mysql
async def test_microseconds_of_a_given_datetime(shop_kit: Kit) -> None:
    with pytest.raises(StoredRowMismatch, match=r"(?s)moment: requested .*keeps whole seconds.*without microseconds"):
        await shop_kit.create("Kinds", moment=NOON.replace(microsecond=5))
    row = await shop_kit.create("Kinds")
    with pytest.raises(StoredRowMismatch, match="without microseconds"):
        await shop_kit.update("Kinds", row.id, moment=NOON.replace(microsecond=5))


async def test_microseconds_that_nobody_asked_for(shop_kit: Kit, database_kind: Kind) -> None:
    """The field's default is datetime.now."""
    require_function_defaults(database_kind)
    row = await shop_kit.create("Kinds")
    assert abs((row.later - datetime.now()).total_seconds()) < 60


@on_servers
async def test_a_datetime_with_a_time_zone(shop_kit: Kit) -> None:
    with pytest.raises(
        (SeedingFailed, StoredRowMismatch),
        match=r"(?s)moment.*give a datetime without a time zone: the column keeps none",
    ):
        await shop_kit.create("Kinds", moment=NOON.replace(tzinfo=UTC))


@on_mysql
@pytest.mark.parametrize("number", ["nan", "inf"])
async def test_a_number_that_is_none(shop_kit: Kit, number: str) -> None:
    with pytest.raises(SeedingFailed, match=r"(?s)can not be used with MySQL.*give a finite number"):
        await shop_kit.create("Order", total=float(number))


@on_postgresql
async def test_a_float_is_four_bytes_and_shows_as_postgresql_prints_it(shop_kit: Kit) -> None:
    created = await shop_kit.create("Order", total=0.1 + 0.2)
    assert created.total == 0.3
    for row in (await shop_kit.get("Order", created.id), *await shop_kit.rows("Order", total=0.1 + 0.2)):
        assert row == created
    assert (await shop_kit.update("Order", created.id, total=2**0.5)).total == 1.4142135
    assert await shop_kit.count("Order", total=2**0.5) == 1


@on_postgresql
async def test_changes_of_a_float_are_told_as_it_is_stored(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order")
    with shop_kit.changes() as changes:
        order = await orders.create(total=1.1)
    changes.assert_only(orders.created(total=1.1))
    with shop_kit.changes() as changes:
        await orders.update(order.id, total=0.1 + 0.2)
    changes.assert_only(orders.updated(order.id, total=0.1 + 0.2))
    assert str(changes).splitlines()[1:] == ["  total: 1.1 -> 0.3"]


@on_postgresql
async def test_a_float_too_large_for_four_bytes(shop_kit: Kit) -> None:
    with pytest.raises(SeedingFailed, match=r"(?s)out of float32 range.*give a smaller number"):
        await shop_kit.create("Order", total=1e39)


async def test_floats_are_found_by_filters(shop_kit: Kit) -> None:
    for total in (1.1, 2.2, 3.3):
        await shop_kit.create("Order", total=total)
    assert [row.total for row in await shop_kit.rows("Order", total=1.1)] == [1.1]
    assert [row.total for row in await shop_kit.rows("Order", total={"$in": [1.1, 3.3]})] == [1.1, 3.3]
    assert [row.total for row in await shop_kit.rows("Order", total={"$gt": 1.1})] == [2.2, 3.3]
    assert [row.total for row in await shop_kit.rows("Order", total={"$nin": [2.2], "$lte": 2.2})] == [1.1]


async def test_a_row_reads_the_same_however_it_is_read(shop_kit: Kit) -> None:
    kinds = shop_kit.factory("Kinds")
    created = await kinds.create(real=1.1, flag=True, numbers=[1], scores={"a": 1}, status="paid", moment=NOON)
    assert created.status is Status.PAID
    assert await kinds.get(created.id) == created
    assert await kinds.rows() == [created]
    with shop_kit.changes() as changes:
        await kinds.delete(created.id)
    (change,) = changes.deleted("Kinds")
    assert change.before == created
