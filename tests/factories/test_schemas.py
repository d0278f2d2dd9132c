"""Bodies by the schema that an API takes: valid ones, and one for each rule that it may break; without a kit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

import msgspec
import pytest
from freezegun import freeze_time
from packaging.version import Version
from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import (
    VERSION,
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from sample_app import make_db, register
from typing_extensions import TypedDict

from kailash_testkit import (
    DeclarationError,
    Factory,
    FieldTypeError,
    InvalidPayload,
    MissingField,
    UnknownField,
    choice,
    derived,
    related,
    sequence,
    transient,
)
from kailash_testkit.factories.numbering import Numbering, within
from kailash_testkit.factories.random_seed import seeded
from kailash_testkit.kit import Kit


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Address(BaseModel):
    zip: str = Field(pattern=r"^\d{5}$", alias="zipCode")
    city: str = Field(min_length=2, max_length=20)


class Line(BaseModel):
    sku: str = Field(pattern=r"^[A-Z]{3}-\d{2,4}$")
    quantity: int = Field(gt=0, le=99)


class Card(BaseModel):
    kind: Literal["card"]
    number: SecretStr = Field(min_length=8)


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: str


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


class OrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int | None = None
    customer_id: str = Field(alias="customerId")
    total: float = Field(gt=0)
    status: Literal["open", "paid"] = "open"
    note: str = Field(max_length=8)
    email: EmailStr
    site: HttpUrl
    size: Size
    token: UUID
    at: datetime
    amount: Decimal = Field(ge=0, max_digits=6, decimal_places=2)
    ratio: float = Field(ge=0, lt=1)
    dozen: int = Field(multiple_of=12, ge=12)
    even: Annotated[int, AfterValidator(_even)]
    address: Address
    lines: list[Line] = Field(min_length=1, max_length=3)
    payment: Card | Transfer = Field(discriminator="kind")
    either: int | bool
    counts: dict[str, int] = Field(min_length=1)
    coupon: str | None = Field(default=None, min_length=4)


@dataclasses.dataclass
class OrderData:
    customer_id: str
    total: Annotated[float, Field(gt=0)]
    stars: Annotated[int, Field(ge=1, le=5, alias="starCount")]
    note: str = ""


class OrderDict(TypedDict):
    customer_id: str
    total: Annotated[float, Field(gt=0)]
    stars: Annotated[int, Field(ge=1, le=5)]
    note: NotRequired[str]


class LineStruct(msgspec.Struct, rename="camel"):
    item_no: Annotated[str, msgspec.Meta(pattern="^[a-z]{3}$")]


class OrderStruct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    customer_id: str
    total: Annotated[float, msgspec.Meta(gt=0)]
    star_count: Annotated[int, msgspec.Meta(ge=1, le=5)]
    lines: Annotated[list[LineStruct], msgspec.Meta(min_length=1, max_length=2)]
    size: Size
    note: str = ""


@pytest.fixture(scope="module")
def orders(shop_db: Any) -> Factory:
    return Factory("Order", dataflow=shop_db, note=sequence("n{}"))


def accepts(schema: type, body: Mapping[str, Any]) -> bool:
    """What the schema says itself of a body of JSON."""
    text = json.dumps(body)
    try:
        if issubclass(schema, msgspec.Struct):
            msgspec.json.decode(text, type=schema)
        else:
            TypeAdapter(schema).validate_json(text)
    except (ValidationError, msgspec.ValidationError):
        return False
    return True


SCHEMAS = [OrderIn, OrderData, OrderDict, OrderStruct]


# --- valid bodies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_body_is_valid_whatever_the_seed(orders: Factory, schema: type) -> None:
    for seed in range(15):
        with seeded(seed):
            body = orders.payload(schema=schema)
        assert accepts(schema, body), body


def test_a_body_has_the_models_values_the_aliases_and_no_more_than_it_must(orders: Factory) -> None:
    body = orders.payload(schema=OrderIn, customer_id="ada")
    assert body["customerId"] == "ada"
    assert body["note"].startswith("n")  # as the factory makes it
    assert set(body["address"]) == {"zipCode", "city"}
    assert not {"id", "status", "coupon", "customer_id"} & set(body)
    assert orders.payload(schema=OrderStruct).keys() == {"customerId", "total", "starCount", "lines", "size", "note"}


class Times(BaseModel):
    at: datetime
    day: date
    hour: time
    nested: list[Stamp]


class Stamp(BaseModel):
    at: datetime


@pytest.mark.skipif(Version(VERSION) < Version("2.14"), reason="pydantic 2.14 knows datetime while freezegun stops it")
def test_moments_do_not_move_with_the_clock_and_nobody_elses_values_are_seeded(orders: Factory) -> None:
    ModelFactory.seed_random(7)
    expected = ModelFactory.__faker__.pyint()
    ModelFactory.seed_random(7)
    bodies: list[Any] = []
    for day in ("2024-01-01", "2030-06-07"):
        with freeze_time(day), within(Numbering("function", "a test")):
            bodies.append(orders.payload(schema=Times))
    assert bodies[0] == bodies[1]
    assert ModelFactory.__faker__.pyint() == expected


def test_values_depend_on_the_seed_and_the_row_only(orders: Factory) -> None:
    def addresses(seed: int) -> list[Any]:
        with seeded(seed):
            return [orders.payload(schema=OrderIn)["address"]]

    assert len({json.dumps(addresses(seed)) for seed in range(5)}) == 5


def test_given_values_are_not_judged(orders: Factory) -> None:
    body = orders.payload(schema=OrderIn, total=-1, customerId=7, coupon="x", at=datetime(2025, 1, 1), size=Size.SMALL)
    assert (body["total"], body["customerId"], body["coupon"]) == (-1, 7, "x")
    assert (body["at"], body["size"]) == ("2025-01-01T00:00:00", "s")


def test_declarations_traits_and_parameters_go_on_working(shop_db: Any) -> None:
    orders = (
        Factory("Order", dataflow=shop_db, urgent=transient(False))
        .using(note=derived(lambda row: f"{row.customer_id}{'!' if row.urgent else ''}"))
        .trait("big", total=1000.0)
    )
    body = orders.payload(schema=OrderIn, customer_id="ada", urgent=True, big=True)
    assert (body["note"], body["total"]) == ("ada!", 1000.0)
    assert orders.payload(schema=OrderIn, customer_id="eve", total=choice(5.0))["total"] == 5.0

    def shout(values: dict[str, Any]) -> None:
        values["note"] = "LOUD"

    assert orders.after_build(shout).payload(schema=OrderDict)["note"] == "LOUD"


def test_a_generated_value_that_the_schema_refuses_gives_way(shop_db: Any) -> None:
    body = Factory("Order", dataflow=shop_db, note="x" * 8).payload(schema=OrderIn)
    assert body["note"] == "x" * 8
    body = Factory("Customer", dataflow=shop_db).payload(schema=Short)
    assert len(body["name"]) <= 3


class Short(BaseModel):
    name: str = Field(max_length=3)


def test_a_default_of_the_factory_that_the_schema_refuses_is_named(shop_db: Any) -> None:
    orders = Factory("Order", dataflow=shop_db, note="far too long")
    with pytest.raises(
        DeclarationError, match=r"(?s)default for note is none that OrderIn accepts.*at most 8.*note=\.\.\."
    ):
        orders.payload(schema=OrderIn)


class Picky(BaseModel):
    name: Annotated[str, AfterValidator(lambda text: int("no"))]


class Pair(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self) -> Pair:
        raise ValueError("low must be below high")


def test_what_cannot_be_made_is_asked_for(orders: Factory) -> None:
    with pytest.raises(DeclarationError, match=r"(?s)no value for Picky.name can be made.*name=\.\.\."):
        orders.payload(schema=Picky)
    assert orders.payload(schema=Picky, name="a") == {"name": "a"}
    with pytest.raises(DeclarationError, match=r"(?s)no body that Pair accepts.*low must be below high.*go together"):
        orders.payload(schema=Pair)


def test_a_misspelt_field_of_the_schema_is_refused(orders: Factory) -> None:
    with pytest.raises(UnknownField, match=r"(?s)OrderIn has no field 'adress': did you mean 'address'"):
        orders.payload(schema=OrderIn, adress={})
    with pytest.raises(FieldTypeError, match=r"OrderIn.address is given a declaration"):
        orders.payload(schema=OrderIn, address=choice({}, {"a": 1}))


@pytest.mark.parametrize("schema", [int, list[OrderIn], "OrderIn"])
def test_what_is_no_schema_is_refused(orders: Factory, schema: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"(?s)is no schema.*pydantic models, dataclasses, TypedDicts"):
        orders.payload(schema=schema)


def test_there_need_be_no_kit_and_no_database(tmp_path: Path) -> None:
    db = make_db(tmp_path / "x.db")
    try:
        customers = Factory(register(db, "Customer", id=str, name=str))
        assert customers.payload(schema=Short, name="Ada") == {"name": "Ada"}
        assert [bad.rule for bad in customers.invalid_payloads(schema=Short)] == [
            "missing",
            "null",
            "type",
            "max_length",
        ]
        assert list(tmp_path.iterdir()) == []
    finally:
        db.close()


def test_a_model_with_a_field_named_schema_keeps_it(db_at: Any, tmp_path: Path) -> None:
    db = db_at(tmp_path / "x.db")
    tables = Factory(register(db, "Table", id=int, schema=str), dataflow=db)
    with Kit(db):
        assert tables.payload(schema=Short, name="a") == {"name": "a"}
        assert tables.payload(schema="public") == {"schema": "public"}


def test_the_id_of_a_parent_that_is_not_stored_is_asked_for_and_stood_in_for_where_nothing_is_valid(
    shop_db: Any,
) -> None:
    orders = Factory("Order", dataflow=shop_db, customer_id=related(Factory("Customer", dataflow=shop_db)))
    with pytest.raises(MissingField):
        orders.payload(schema=OrderData)
    assert all("customer_id" in bad.payload for bad in orders.invalid_payloads(schema=OrderData) if bad.rule == "gt")


async def test_parents_that_are_stored_or_stood_in_for_give_their_ids(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order", customer_id=related(shop_kit.factory("Customer")))
    body = (await orders.with_parents()).payload(schema=OrderData)
    assert await shop_kit.exists("Customer", id=body["customer_id"])
    assert orders.with_placeholders().payload(schema=OrderData, total=2.0)["customer_id"].startswith("customer-")


# --- bodies that are refused ------------------------------------------------------------------------


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_breaks_one_rule_and_no_other(orders: Factory, schema: type) -> None:
    bodies = orders.invalid_payloads(schema=schema)
    assert len({bad.name for bad in bodies}) == len(bodies)
    valid = orders.payload(schema=schema)
    for bad in bodies:
        assert not accepts(schema, bad.payload), bad.name
        assert bad.problem
        first = bad.field.partition(".")[0].partition("[")[0]
        if bad.rule != "extra":
            assert set(valid) ^ set(bad.payload) <= {first}
        if schema is not OrderStruct:  # msgspec stops at the first
            problems = problems_of(schema, bad.payload)
            assert {str(place[0]) for place, _ in problems} == {first}, bad.name


def problems_of(schema: type, body: object) -> list[Any]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(schema).validate_json(json.dumps(body))
    return [(each["loc"], each["type"]) for each in caught.value.errors()]


def test_all_rules_of_a_model_are_found(orders: Factory) -> None:
    names = {bad.name for bad in orders.invalid_payloads(schema=OrderIn)}
    required = set(OrderIn.model_json_schema()["required"])
    assert {f"{key}-missing" for key in required} <= names
    assert {f"{key}-null" for key in required} <= names
    assert {f"{key}-type" for key in required - {"size"}} <= names
    assert names >= {
        *("total-gt", "note-max_length", "status-enum", "email-format", "site-format", "size-enum", "token-format"),
        *("at-format", "amount-ge", "ratio-ge", "ratio-lt", "dozen-multiple_of", "dozen-ge", "coupon-min_length"),
        *("address.zipCode-pattern", "address.zipCode-missing", "address.city-min_length", "address.city-max_length"),
        *(
            "lines-min_length",
            "lines-max_length",
            "lines[0].quantity-gt",
            "lines[0].quantity-le",
            "lines[0].sku-pattern",
        ),
        *("payment.kind-missing", "payment.kind-enum", "counts-min_length", "unexpected-extra"),
    }
    assert not {"coupon-missing", "coupon-null", "id-missing", "status-missing", "size-type"} & names


def test_all_rules_of_a_struct_are_found(orders: Factory) -> None:
    names = {bad.name for bad in orders.invalid_payloads(schema=OrderStruct)}
    assert names >= {
        *("customerId-missing", "customerId-null", "customerId-type", "total-gt", "starCount-ge", "starCount-le"),
        *("lines-min_length", "lines-max_length", "lines[0].itemNo-pattern", "lines[0].itemNo-missing", "size-enum"),
        "unexpected-extra",
    }


class Node(BaseModel):
    name: str
    next: Node | None


class Letter(BaseModel):
    code: str = Field(validation_alias=AliasChoices(AliasPath("codes", 0), "theCode"))
    key: SecretBytes
    anything: Any
    words: list[str]
    few: list[str] = Field(max_length=2)
    labels: dict[str, int] = Field(max_length=2)
    first: Node


@dataclasses.dataclass
class Sent:
    text: str
    length: int = dataclasses.field(init=False)


def test_lists_objects_and_aliases_of_every_form(shop_db: Any) -> None:
    letters = Factory("Order", dataflow=shop_db)
    body = letters.payload(schema=Letter)
    assert "theCode" in body
    assert "code" not in body
    assert not str(body["key"]).startswith("*")
    names = {bad.name for bad in letters.invalid_payloads(schema=Letter)}
    assert names >= {"few-max_length", "labels-max_length", "first.name-missing", "words-type"}
    assert not {"words-min_length", "words-max_length", "anything-null", "anything-type"} & names
    assert letters.payload(schema=Sent).keys() == {"text"}


def test_a_violation_is_minimal_and_says_what_it_is(orders: Factory) -> None:
    found = {bad.name: bad for bad in orders.invalid_payloads(schema=OrderIn)}
    assert found["total-gt"].payload["total"] == 0
    assert len(found["note-max_length"].payload["note"]) == 9
    assert found["lines[0].quantity-le"].payload["lines"][0]["quantity"] == 100
    assert len(found["lines-max_length"].payload["lines"]) == 4
    bad = found["total-gt"]
    assert (bad.field, bad.rule, str(bad), bad.__name__) == ("total", "gt", "total-gt", "total-gt")
    assert "greater than 0" in bad.problem


def test_they_are_the_same_in_every_run(orders: Factory) -> None:
    with seeded(7):
        one = orders.invalid_payloads(schema=OrderIn, customer_id="ada")
    other = orders.invalid_payloads(schema=OrderIn, customer_id="ada")
    assert [(bad.name, bad.payload) for bad in one] == [(bad.name, bad.payload) for bad in other]
    assert one[0].payload is not other[0].payload
    assert all(bad.payload.get("customerId", "ada") in ("ada", None) for bad in one if bad.field != "customerId")


@pytest.mark.parametrize("bad", [InvalidPayload("total", "gt", {"total": 0}, "no")])
def test_pytest_names_a_parameter_by_it(bad: InvalidPayload, request: pytest.FixtureRequest) -> None:
    assert request.node.name.endswith("[total-gt]")
