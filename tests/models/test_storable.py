"""Types that DataFlow cannot store are refused, with reason and alternative; those that it can are stored.

Each type is tried on DataFlow itself as well: a release that stores one of the refused types is noticed here.
"""

# ruff: noqa: UP006, UP007, UP035, UP045 - types are written in every way that applications write them

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Dict, List, Literal, NewType, Optional, TypedDict, Union
from uuid import UUID

import pytest
from annotated_types import Gt, MaxLen
from sample_app import Colour, Level, Status, in_this_loop, make_db, register

from kailash_testkit import Factory
from kailash_testkit.errors import KitError, UnstorableField
from kailash_testkit.kit import Kit
from kailash_testkit.models.storable import refusal


@dataclass
class Point:
    x: int


class Address(TypedDict):
    city: str


Name = NewType("Name", str)

STORED: dict[str, tuple[Any, Any]] = {
    "str": (str, "a"),
    "int": (int, 1),
    "float": (float, 1.5),
    "bool": (bool, True),
    "datetime": (datetime, datetime(2025, 1, 2, 3, 4, 5)),
    "dict": (dict, {"a": [1]}),
    "list": (list, [1, "a"]),
    "list[int]": (list[int], [1]),
    "List[str]": (List[str], ["a"]),
    "Dict[str, Any]": (Dict[str, Any], {"a": None}),
    "dict[str, list[int]]": (dict[str, list[int]], {"a": [1]}),
    "list[dict[str, Any]]": (list[dict[str, Any]], [{"a": 1}]),
    "list[Status]": (list[Status], [Status.PAID]),
    "list[Literal]": (list[Literal["a"]], ["a"]),
    "Enum": (Colour, Colour.GREEN),
    "str Enum": (Status, Status.PAID),
    "IntEnum": (Level, Level.HIGH),
    "Optional": (Optional[str], "a"),
    "| None": (int | None, 3),
    "Union with str": (Union[int, str], "a"),
    "dict | list": (dict | list, [1]),
    "Annotated": (Annotated[str, MaxLen(9)], "a"),
    "Annotated in Optional": (Optional[Annotated[int, Gt(2)]], 7),
    "object": (object, "a"),
}
REFUSED: dict[str, tuple[Any, Any]] = {
    "date": (date, date(2025, 1, 2)),
    "time": (time, time(1, 2)),
    "timedelta": (timedelta, timedelta(1)),
    "Decimal": (Decimal, Decimal("1.5")),
    "UUID": (UUID, UUID(int=1)),
    "bytes": (bytes, b"a"),
    "tuple": (tuple, (1,)),
    "tuple[int, ...]": (tuple[int, ...], (1,)),
    "set": (set, {1}),
    "set[int]": (set[int], {1}),
    "frozenset": (frozenset, frozenset({1})),
    "Literal": (Literal["a", "b"], "a"),
    "Optional[Literal]": (Optional[Literal["a"]], "a"),
    "Any": (Any, "a"),
    "dataclass": (Point, Point(1)),
    "TypedDict": (Address, {"city": "Bern"}),
    "NewType": (Name, "a"),
    "complex": (complex, 1j),
    "int | float": (int | float, 2),
    "dict[int, str]": (dict[int, str], {1: "a"}),
    "list[datetime]": (list[datetime], [datetime(2025, 1, 2)]),
    "list[Colour]": (list[Colour], [Colour.RED]),
    "list[dict[int, str]]": (list[dict[int, str]], [{1: "a"}]),
    "Optional[Decimal]": (Optional[Decimal], Decimal(1)),
}


@pytest.fixture(scope="module")
def open_kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """A kit on a model for each type."""
    db = make_db(tmp_path_factory.mktemp("kinds") / "kinds.db")
    for number, (kind, _) in enumerate([*STORED.values(), *REFUSED.values()]):
        register(db, f"Kind{number}", id=int, value=kind)
    kit = Kit(db).open()
    yield kit
    kit.close()
    db.close()


@pytest.fixture
async def kinds(open_kinds: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kinds) as kit:
        yield kit


@pytest.mark.slow
@pytest.mark.parametrize("name", STORED)
async def test_what_dataflow_stores_is_accepted_and_made(kinds: Kit, name: str) -> None:
    annotation, value = STORED[name]
    assert refusal(annotation) is None
    factory = kinds.factory(f"Kind{list(STORED).index(name)}")
    assert (await factory.create(value=value)).value == value
    assert [row.value for row in await factory.create_many(2, value=value)] == [value] * 2
    made = await factory.create_many(2)
    assert made == await factory.rows(id={"$in": [row.id for row in made]})


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
async def test_what_dataflow_does_not_store_is_refused(kinds: Kit, name: str) -> None:
    annotation, value = REFUSED[name]
    problem = refusal(annotation)
    assert problem is not None
    assert problem.why
    assert problem.instead
    model = f"Kind{len(STORED) + list(REFUSED).index(name)}"
    with pytest.raises(KitError):
        await kinds.store.create(kinds.store.model(model), {"value": value})
    with pytest.raises(UnstorableField, match=rf"{model}\.value is declared .*, which DataFlow cannot"):
        kinds.factory(model)
    assert await kinds.rows(model, id=-1) == []


def test_the_refusal_comes_when_the_factory_is_made(new_db: Any) -> None:
    model = register(new_db(), "Invoice", id=int, total=Decimal)
    with pytest.raises(UnstorableField) as caught:
        Factory(model)
    assert str(caught.value).splitlines() == [
        "Invoice.total is declared Decimal, which DataFlow cannot store",
        "  why: no database driver takes it from DataFlow",
        "  do:  declare it as str, or int in the smallest unit",
    ]


async def test_an_optional_field_of_such_a_type_may_be_left_out(new_db: Any) -> None:
    db = new_db()
    register(db, "Photo", id=int, data=(bytes | None, None), title=str)
    register(db, "Price", id=int, amount=(Decimal, Decimal(1)))
    async with Kit(db) as kit:
        photos = kit.factory("Photo")
        assert [row.data for row in await photos.create_many(2, data=None)] == [None, None]
        with pytest.raises(UnstorableField, match=r"Photo\.data"):
            await photos.create(data=b"x")
        with pytest.raises(UnstorableField, match=r"Photo\.data"):
            photos.using(data=b"x").build()
        with pytest.raises(UnstorableField, match=r"Price\.amount"):
            kit.factory("Price")
