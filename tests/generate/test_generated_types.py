"""Declared types as source code: what may be given, what is stored, what a filter takes."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar
from uuid import UUID

import pytest
from sample_app import Colour, Status

from kailash_testkit.generate.imports import Namespace
from kailash_testkit.generate.types import Types, home_of

T = TypeVar("T")
UserId = NewType("UserId", int)


class Box(Generic[T]):
    class Lid(Enum):
        OPEN = "open"


class Level(IntEnum):
    LOW = 1


class Rights(Flag):
    READ = 1


class Weight(Enum):
    LIGHT = 0.5


class Quoted(Enum):
    BOTH = "a'b\"c"
    SINGLE = "it's"
    FLAG = True


@pytest.fixture
def types() -> Types:
    return Types(Namespace(set()), longest=200)


@pytest.mark.parametrize(
    ("annotation", "source"),
    [
        (int, "int"),
        (Any, "Any"),
        (object, "object"),
        (dict, "dict[str, Any]"),
        (list, "list[Any]"),
        (tuple, "tuple[Any, ...]"),
        (set, "set[Any]"),
        (list[int], "list[int]"),
        (dict[str, list[int | None]], "dict[str, list[int | None]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (tuple[()], "tuple[()]"),
        (Optional[str], "str | None"),  # noqa: UP045 - as applications write it
        (int | Any, "Any"),
        (Annotated[int, "positive"], "int"),
        (Literal["a", 1], 'Literal["a", 1]'),
        (Literal[Status.OPEN], "Literal[Status.OPEN]"),
        (datetime, "datetime"),
        (Decimal | UUID, "Decimal | UUID"),
        (Path, "Path"),
        (UserId, "UserId"),
        (Box, "Box[Any]"),
        (Box[int], "Box[int]"),
        (Box.Lid, "Box.Lid"),
        (Mapping, "Mapping[str, Any]"),
        (Sequence[str], "Sequence[str]"),
        (collections.OrderedDict[str, int], "OrderedDict[str, int]"),
        (Colour, "Colour"),
    ],
)
def test_what_a_row_holds(types: Types, annotation: object, source: str) -> None:
    assert str(types.held(annotation, "Model.field")) == source
    assert types.notes == []


@pytest.mark.parametrize(
    ("annotation", "alias"),
    [
        (Status, 'Status | Literal["open", "paid"]'),
        (Colour, "Colour | Literal[1, 2]"),
        (Level, "Level | Literal[1]"),
        (Quoted, "Quoted | Literal['a\\'b\"c', \"it's\", True]"),
    ],
)
def test_for_an_enum_the_values_of_its_members_may_be_given(types: Types, annotation: type, alias: str) -> None:
    name = f"{annotation.__name__}Like"
    assert str(types.taken(annotation, "Model.field", nullable=False)) == name
    assert str(types.aliases[name]) == alias
    assert str(types.held(annotation, "Model.field")) == annotation.__name__


@pytest.mark.parametrize("annotation", [Rights, Weight])
def test_of_other_enums_only_members_may_be_given(types: Types, annotation: type) -> None:
    assert str(types.taken(annotation, "Model.field", nullable=False)) == annotation.__name__
    assert types.aliases == {}


@pytest.mark.parametrize(("nullable", "source"), [(True, "str | None"), (False, "str")])
def test_none_may_be_given_only_where_the_column_takes_it(types: Types, nullable: bool, source: str) -> None:
    assert str(types.taken(str | None, "Model.field", nullable=nullable)) == source


@pytest.mark.parametrize(
    ("annotation", "source", "defined"),
    [
        (str, "str | StrOperators", {}),
        (int | None, "int | IntOperators | None", {}),
        (Status, "StatusLike | StatusOperators", {"StatusOperators": "ordered"}),
        (date, "date | DateOperators", {"DateOperators": "ordered"}),
        (list[int], "list[int] | ListOfIntOperators", {"ListOfIntOperators": "json"}),
        (int | str, "int | str | IntOrStrOperators", {"IntOrStrOperators": "text"}),
        (dict, "dict[str, Any]", {}),
        (Any, "Any", {}),
        (Any | None, "Any", {}),
    ],
)
def test_a_filter_takes_a_value_or_operators_json_those_without_order(
    types: Types, annotation: object, source: str, defined: dict[str, str]
) -> None:
    assert str(types.filtered(annotation, "Model.field")) == source
    assert {name: compared for name, (_, compared) in types.operators.items()} == defined


def test_a_type_that_cannot_be_imported_is_any_and_it_is_said(types: Types) -> None:
    class Local:
        """Of a function."""

    assert str(types.held(Local, "Order.shape")) == "Any"
    assert str(types.held(list[Local], "Order.shapes")) == "list[Any]"
    assert str(types.held(Callable[[int], str], "Order.call")) == "Any"
    colours = Enum("colours", ["RED"], module="__main__")
    assert str(types.held(Literal[colours.RED], "Order.colour")) == "Any"  # type: ignore[valid-type, name-defined]
    assert types.notes.pop() == "Order.colour: Any, because colours cannot be imported."
    assert types.notes[0] == "Order.shape: Any, because Local cannot be imported."
    assert [note.partition(":")[0] for note in types.notes] == ["Order.shape", "Order.shapes", "Order.call"]


def test_of_a_type_within_a_model_it_is_said_that_pyright_does_not_see_it() -> None:
    types = Types(Namespace(set()), longest=200, models=[Box])
    assert str(types.held(Box.Lid, "Model.lid")) == "Box.Lid"
    assert set(types.notes) == {
        "Box.Lid: pyright takes any value, because DataFlow's decorator makes Box Any; mypy does not."
    }


def test_a_type_that_a_field_hides_is_imported_under_another_name() -> None:
    types = Types(Namespace({"date", "str", "list"}), longest=200)
    assert str(types.held(list[str], "Model.field")) == "list_[str_]"
    assert str(types.held(date, "Model.field")) == "date_"
    assert "from datetime import date as date_" in types.names.statements(88)[0].splitlines()
    assert "from builtins import str as str_" in types.names.statements(88)[0].splitlines()


def test_a_long_type_is_named_once() -> None:
    types = Types(Namespace(set()), longest=20)
    kind = Literal["a long value", "a longer value"]
    assert str(types.held(kind, "Order.kind")) == "OrderKind"
    assert str(types.taken(kind | None, "Order.kind", nullable=True)) == "OrderKind | None"
    assert list(types.aliases) == ["OrderKind"]


def test_types_of_the_same_name_are_kept_apart() -> None:
    names = Namespace(set())
    assert [names.use("a", "Status"), names.use("b", "Status"), names.use("a", "Status")] == [
        "Status",
        "Status_",
        "Status",
    ]


def test_the_home_of_a_private_class_is_the_public_package() -> None:
    assert home_of(Path) == ("pathlib", "Path")
    assert home_of(datetime) == ("datetime", "datetime")
