"""`Factory`: makes rows of one model, immutable, and the handle on that model's rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import pytest
from annotated_types import Predicate
from database_kinds import Kind
from releases_of_kailash import needs_soft_delete, require_function_defaults
from sample_app import Colour, Status, register

from kailash_testkit import Factory, derived, sequence
from kailash_testkit.errors import (
    FieldTypeError,
    MissingField,
    RowNotFound,
    SeedingFailed,
    UnknownField,
    UnknownModel,
)
from kailash_testkit.kit import Kit

Sql = Callable[..., list[Any]]


# --- build ---------------------------------------------------------------------------------------


def test_build_gives_the_values_that_create_would_store_and_stores_nothing(sync_kit: Kit) -> None:
    values = sync_kit.factory("Customer", nickname="Ed").build(name="Eve")
    assert values == {
        "id": "customer-1",
        "name": "Eve",
        "email": "customer-1@example.com",
        "nickname": "Ed",
    }
    assert sync_kit.count_sync("Customer") == 0


def test_fields_with_a_default_and_automatic_ids_are_left_to_dataflow(sync_kit: Kit) -> None:
    assert set(sync_kit.factory("Order").build()) == {"customer_id", "total"}
    assert set(sync_kit.factory("Event").build()) == {"kind"}
    assert set(sync_kit.factory("Stamped").build()) == {"id", "name"}


def test_a_callable_default_is_called_by_the_kit(sync_kit: Kit, database_kind: Kind) -> None:
    require_function_defaults(database_kind)
    before = datetime.now().replace(microsecond=0)  # more than that not every database keeps
    assert before <= sync_kit.factory("Kinds").build()["later"] <= datetime.now()


def test_what_is_given_wins_over_defaults_and_defaults_over_generated_values(sync_kit: Kit) -> None:
    factory = sync_kit.factory("Customer", name="default", email=sequence("{}@x.org"))
    assert factory.build()["name"] == "default"
    assert factory.build()["email"] == "2@x.org"
    built = factory.build(name="given", email="given@x.org")
    assert (built["name"], built["email"]) == ("given", "given@x.org")


def test_an_override_may_be_a_declaration(sync_kit: Kit) -> None:
    assert sync_kit.factory("Customer").build(name=derived(lambda row: row.id.upper()))["name"] == "CUSTOMER-1"


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"nmae": "x"}, UnknownField, "Customer has no field 'nmae': did you mean 'name'"),
        ({"name": 1}, FieldTypeError, "Customer.name: expected str, got 1 (int)"),
        ({"created_at": "2025-01-01"}, FieldTypeError, "Customer.created_at: expected datetime, got"),
        ({"name": None}, FieldTypeError, "expected str, not None"),
    ],
)
@pytest.mark.parametrize("way", ["build", "payload", "create_sync", "default"])
def test_wrong_values_are_refused_wherever_they_are_given(
    sync_kit: Kit, way: str, values: Any, error: type[Exception], words: str
) -> None:
    factory = sync_kit.factory("Customer")
    make = factory.using(**values).build if way == "default" else partial(getattr(factory, way), **values)
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 10
    assert sync_kit.count_sync("Customer") == 0


# --- immutability --------------------------------------------------------------------------------


def test_using_returns_a_new_factory_and_leaves_the_old_one(sync_kit: Kit) -> None:
    plain = sync_kit.factory("Customer", name="Ada")
    eve = plain.using(name="Eve", is_active=False)
    assert eve is not plain
    assert plain.build()["name"] == "Ada"
    assert "is_active" not in plain.build()
    assert (eve.build()["name"], eve.build()["is_active"]) == ("Eve", False)


def test_a_subclass_stays_one(sync_kit: Kit) -> None:
    class Customers(Factory):
        """A factory with a method of its own."""

        def active(self) -> Customers:
            return self.using(is_active=True)

    factory = Customers("Customer", dataflow=sync_kit.dataflow)
    assert type(factory.active().using(name="x")) is Customers
    assert repr(factory.active()) == "Customers(Customer, is_active=True)"


def test_the_given_defaults_are_not_kept_by_reference(sync_kit: Kit) -> None:
    defaults = {"name": "Ada"}
    factory = sync_kit.factory("Customer").using(**defaults)
    defaults["name"] = "Eve"
    factory.build()["name"] = "Bob"
    assert factory.build()["name"] == "Ada"


def test_repr_names_model_and_defaults() -> None:
    factory = Factory("Customer", name=sequence("c{}"), is_active=True)
    assert repr(factory) == "Factory(Customer, name=sequence('c{}'), is_active=True)"


def test_a_factory_is_made_without_a_dataflow_or_a_kit() -> None:
    class Later:
        id: int

    assert repr(Factory(Later)) == "Factory(Later)"


# --- payload -------------------------------------------------------------------------------------


def test_a_payload_is_json_without_what_a_server_sets(sync_kit: Kit) -> None:
    payload = sync_kit.factory("Kinds").payload(colour=Colour.GREEN, moment=datetime(2025, 1, 2))
    assert json.loads(json.dumps(payload)) == payload
    assert payload["colour"] == 2
    assert payload["status"] == "open"
    assert payload["moment"] == "2025-01-02T00:00:00"
    assert "id" not in payload
    assert "id" not in sync_kit.factory("Customer").payload()


def test_a_payload_has_the_id_that_was_asked_for(sync_kit: Kit) -> None:
    assert sync_kit.factory("Customer").payload(id="a")["id"] == "a"
    assert sync_kit.factory("Customer", id=sequence("c{}")).payload()["id"] == "c2"


# --- create and create_many ----------------------------------------------------------------------


async def test_create_stores_and_returns_the_row(shop_kit: Kit, sql: Sql) -> None:
    row = await shop_kit.factory("Customer", nickname="Ed").create(name="Ada")
    assert row.matches(id="customer-1", name="Ada", nickname="Ed", is_active=True)
    assert sql("SELECT id, name, nickname, is_active FROM customers") == [("customer-1", "Ada", "Ed", 1)]


async def test_create_many_gives_each_row_values_of_its_own(shop_kit: Kit) -> None:
    rows = await shop_kit.factory("Customer", name=sequence("C{}")).create_many(12, nickname="n")
    assert [row.name for row in rows] == [f"C{n}" for n in range(1, 13)]
    assert {row.nickname for row in rows} == {"n"}
    assert await shop_kit.count("Customer") == 12


async def test_create_many_takes_one_dict_of_values_per_row(shop_kit: Kit) -> None:
    rows = await shop_kit.factory("Order").create_many(({"note": n, "total": 1.0} for n in "ab"), total=5.0, note="z")
    assert [(row.note, row.total) for row in rows] == [("a", 1.0), ("b", 1.0)]


@pytest.mark.parametrize("rows", [0, []])
async def test_create_many_of_none_is_an_empty_list(shop_kit: Kit, rows: Any) -> None:
    assert await shop_kit.factory("Order").create_many(rows) == []


@pytest.mark.parametrize("rows", [-1, True, 2.0, "ab", {"note": "x"}, [("note", "x")], [1], None])
async def test_create_many_of_something_else_is_refused(shop_kit: Kit, rows: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"(?s)create_many\(.*expected a number of rows.*create_many\(\[\{"):
        await shop_kit.factory("Order").create_many(rows)


async def test_create_many_checks_all_values_before_the_first_row_is_stored(shop_kit: Kit) -> None:
    with pytest.raises(UnknownField):
        await shop_kit.factory("Order").create_many([{"note": "fine"}, {"noet": "typo"}])
    assert await shop_kit.count("Order") == 0


async def test_create_many_stops_at_the_first_row_that_is_not_stored(shop_kit: Kit) -> None:
    with pytest.raises(SeedingFailed, match=r"rows 1 and 2 have the same Customer\.email"):
        await shop_kit.factory("Customer", email="same@example.com").create_many(3)


# --- the handle on the model ---------------------------------------------------------------------


async def test_the_factory_is_the_handle_on_its_models_rows(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order")
    order = await orders.create(note="a")
    assert await orders.get(order.id) == order
    assert await orders.find(note="a") == order
    assert await orders.rows(status="open", order_by="-id") == [order]
    assert await orders.count(note="a") == 1
    assert await orders.exists(note="a")
    assert (await orders.update(order.id, status="paid")).status is Status.PAID
    await orders.delete(order.id)
    with pytest.raises(RowNotFound):
        await orders.get(order.id)
    assert not await orders.exists()


async def test_defaults_of_a_factory_do_not_filter_its_rows(shop_kit: Kit) -> None:
    await shop_kit.create("Order", note="other")
    assert await shop_kit.factory("Order", note="mine").count() == 1


@needs_soft_delete
async def test_deleted_rows_are_included_when_asked_for(shop_kit: Kit) -> None:
    products = shop_kit.factory("Product")
    product = await products.create()
    await products.delete(product.id)
    assert [row.id for row in await products.rows(include_deleted=True)] == [product.id]
    assert await products.rows() == []


async def test_a_model_that_is_not_registered_is_named_with_the_nearest(shop_kit: Kit) -> None:
    with pytest.raises(UnknownModel, match="did you mean 'Customer'"):
        await shop_kit.factory("Customers").create()


@pytest.mark.parametrize("given", [object(), 7, None])
def test_what_is_no_model_is_refused_where_the_factory_is_made(given: Any) -> None:
    with pytest.raises(UnknownModel, match=rf"an instance of {type(given).__name__} where a model.*(?s:.*)dataflow=db"):
        Factory(given, name="x")


def test_a_dataflow_is_no_model(sync_kit: Kit) -> None:
    with pytest.raises(UnknownModel, match="an instance of DataFlow where a model belongs"):
        Factory(sync_kit.dataflow)


async def test_a_required_field_that_the_kit_cannot_make_must_be_given(new_db: Any) -> None:
    db = new_db()
    register(db, "Drawing", id=int, code=Annotated[str, Predicate(str.isupper)])
    async with Kit(db) as kit:
        with pytest.raises(MissingField, match=r"(?s)Drawing\.code.*meets Predicate.*factory\.using\(code=\.\.\.\)"):
            kit.factory("Drawing").build()
        assert (await kit.create("Drawing", code="A")).code == "A"


def test_calls_that_give_the_same_names_get_what_each_gave(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order")
    totals = [orders.build(total=total)["total"] for total in (1.0, 2.5, 4)]
    assert totals == [1.0, 2.5, 4.0]
    with pytest.raises(FieldTypeError, match=r"Order\.total"):
        orders.build(total="much")
    assert orders.build(total=sequence(lambda n: n + 0.5))["total"] == 4.5  # the refused one took no number
    assert orders.build(total=7.0)["total"] == 7.0
