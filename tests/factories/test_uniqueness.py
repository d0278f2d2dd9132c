"""Two rows of the same unique value are refused before the second is stored, with their numbers."""

from __future__ import annotations

from typing import Any

import pytest
from database_kinds import Sql
from sample_app import make_db, register

from kailash_testkit import choice, derived, sequence
from kailash_testkit.errors import SeedingFailed
from kailash_testkit.kit import Kit

PLACE = {"indexes": [{"name": "place", "fields": ["room", "seat"], "unique": True}]}


async def test_a_sequence_whose_function_repeats_itself_is_named(shop_kit: Kit) -> None:
    customers = shop_kit.factory("Customer", email=sequence(lambda n: f"{n % 3}@example.com"))
    with pytest.raises(SeedingFailed) as caught:
        await customers.create_many(5)
    message = str(caught.value)
    assert message.startswith("Customer was not stored: rows 1 and 4 have the same Customer.email '1@example.com'")
    assert "row 4 of 5; none of them is stored" in message
    assert "Customer.email is made by sequence(...) at " in message
    assert "the model declares email unique" in message
    assert await customers.count() == 0


async def test_a_value_that_is_given_is_not_said_to_be_made(shop_kit: Kit) -> None:
    customers = shop_kit.factory("Customer", email=sequence("{}@example.com"))
    with pytest.raises(SeedingFailed) as caught:
        await customers.create_many(2, email="a@example.com")
    assert "is made by" not in str(caught.value)
    with pytest.raises(SeedingFailed, match=r"Customer\.email is made by choice\(\.\.\.\)"):
        await customers.create_many(2, email=choice("a@example.com"))


async def test_rows_of_calls_one_after_the_other_are_compared(shop_kit: Kit) -> None:
    customers = shop_kit.factory("Customer")
    first = await customers.create(email="a@example.com")
    with pytest.raises(SeedingFailed, match=rf"(?s)rows 1 and 2 have the same.*row 1 is stored: id '{first.id}'"):
        await customers.create(email="a@example.com")
    assert await customers.rows() == [first]


async def test_what_is_not_stored_any_more_is_no_hindrance(shop_kit: Kit, sql: Sql) -> None:
    customers = shop_kit.factory("Customer")
    first, second = await customers.create_many([{"email": "a@example.com"}, {"email": "b@example.com"}])
    await customers.delete(first.id)
    await customers.update(second.id, email="c@example.com")
    rows = await customers.create_many([{"email": "a@example.com"}, {"email": "b@example.com"}])
    assert [row.email for row in rows] == ["a@example.com", "b@example.com"]


async def test_values_that_a_hook_or_an_async_function_makes_are_compared_too(shop_kit: Kit) -> None:
    async def email(row: Any) -> str:
        return "same@example.com"

    def rename(values: dict[str, Any]) -> None:
        values["email"] = "hook@example.com"

    customers = shop_kit.factory("Customer")
    with pytest.raises(SeedingFailed, match=r"rows 1 and 2 have the same Customer\.email 'same@example.com'"):
        await customers.using(email=derived(email)).create_many(2)
    with pytest.raises(SeedingFailed, match=r"rows 3 and 4 have the same Customer\.email 'hook@example.com'"):
        await customers.before_create(rename).create_many(2)
    assert await customers.count() == 0


async def test_fields_that_are_unique_together_and_none(tmp_path: Any) -> None:
    db = make_db(tmp_path / "seats.db")
    register(db, "Seat", id=int, room=str, seat=(int | None, None), config=PLACE)
    async with Kit(db) as kit:
        seats = kit.factory("Seat", room="a")
        await seats.create_many([{"seat": 1}, {"seat": 2}, {}, {}, {"room": "b", "seat": 1}])
        with pytest.raises(SeedingFailed, match=r"rows 2 and 6 have the same Seat\.room 'a', Seat\.seat 2"):
            await seats.create(seat=2)
        with pytest.raises(SeedingFailed, match=r"rows 7 and 8 have the same Seat\.id 50"):
            await seats.create_many([{"id": 50, "seat": 3}, {"id": 50, "seat": 4}])
        assert await seats.count() == 5
    db.close()
