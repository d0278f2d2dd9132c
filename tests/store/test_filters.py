"""Filters: what reaches DataFlow's nodes, what is decided in Python, what is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sample_app import Colour, Level, Status

from kailash_testkit.errors import FieldTypeError, UnknownField, UnknownOperator
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.rows import Row
from kailash_testkit.store.filters import OPERATORS, checked_filter


@pytest.fixture(scope="module")
def kinds(shop_db: Any) -> Model:
    return read_model(shop_db, "Kinds")


@pytest.mark.parametrize(
    ("conditions", "node"),
    [
        ({}, {}),
        ({"whole": 3}, {"whole": {"$eq": 3}}),
        ({"whole": {"$gt": 3, "$lte": 5}}, {"whole": {"$gt": 3, "$lte": 5}}),
        ({"whole": {"$between": (3, 5)}}, {"whole": {"$gte": 3, "$lte": 5}}),
        ({"whole": {"$in": (1, 2)}}, {"whole": {"$in": [1, 2]}}),
        ({"flag": True}, {"flag": {"$eq": True}}),
        ({"moment": {"$lt": datetime(2025, 1, 1)}}, {"moment": {"$lt": datetime(2025, 1, 1)}}),
        ({"status": "paid"}, {"status": {"$eq": "paid"}}),
        ({"colour": Colour.GREEN}, {"colour": {"$eq": "Colour.GREEN"}}),
        ({"colour": {"$in": [1]}}, {"colour": {"$in": ["Colour.RED"]}}),
        ({"level": Level.HIGH}, {"level": {"$eq": "2"}}),
        ({"maybe": None}, {"maybe": {"$null": True}}),
        ({"maybe": {"$eq": None}}, {"maybe": {"$null": True}}),
        ({"maybe": {"$ne": None}}, {"maybe": {"$ne": None}}),
        ({"maybe": {"$null": True}}, {"maybe": {"$null": True}}),
        ({"maybe": {"$null": False, "$gt": 3}}, {"maybe": {"$ne": None, "$gt": 3}}),
        ({"created_at": {"$gt": datetime(2025, 1, 1)}}, {"created_at": {"$gt": datetime(2025, 1, 1)}}),
    ],
)
def test_what_the_node_does_right_is_left_to_it(kinds: Model, conditions: Any, node: Any) -> None:
    wanted = checked_filter(kinds, conditions)
    assert (wanted.node, wanted.in_python, wanted.nothing) == (node, [], False)


def test_a_str_enum_reaches_the_node_as_plain_text(kinds: Model) -> None:
    operand: Any = checked_filter(kinds, {"status": Status.PAID}).node["status"]
    assert type(operand["$eq"]) is str


def test_an_empty_in_matches_nothing_and_an_empty_nin_everything(kinds: Model) -> None:
    assert checked_filter(kinds, {"whole": {"$in": []}}).nothing
    assert checked_filter(kinds, {"whole": {"$in": [], "$nin": []}}).nothing
    assert checked_filter(kinds, {"numbers": {"$in": []}}).nothing
    everything = checked_filter(kinds, {"whole": {"$nin": []}})
    assert (everything.node, everything.in_python, everything.nothing) == ({}, [], False)


@pytest.mark.parametrize(
    ("conditions", "matching", "other"),
    [
        ({"mapping": {"a": 1}}, {"mapping": {"a": 1}}, {"mapping": {"a": True}}),
        ({"mapping": {}}, {"mapping": {}}, {"mapping": {"a": 1}}),
        ({"mapping": {"$ne": {"a": 1}}}, {"mapping": {}}, {"mapping": {"a": 1}}),
        ({"numbers": [1]}, {"numbers": [1]}, {"numbers": [1, 2]}),
        ({"numbers": {"$in": [[1], [2]]}}, {"numbers": [2]}, {"numbers": [1, 2]}),
        ({"numbers": {"$nin": [[1], [2]]}}, {"numbers": [3]}, {"numbers": [2]}),
        ({"maybe": {"$in": [None, 1]}}, {"maybe": None}, {"maybe": 2}),
        ({"maybe": {"$in": [None, 1]}}, {"maybe": 1}, {"maybe": 2}),
        ({"maybe": {"$nin": [None, 1]}}, {"maybe": 2}, {"maybe": None}),
        ({"text": "select * from x"}, {"text": "select * from x"}, {"text": "SELECT_FROM x"}),
        ({"text": {"$ne": "drop table x"}}, {"text": "DROP_TABLE x"}, {"text": "drop table x"}),
        ({"text": {"$gt": "a -- "}}, {"text": "b"}, {"text": "a"}),
        ({"text": {"$in": ["x", "delete from y"]}}, {"text": "x"}, {"text": "DELETE_FROM y"}),
        ({"text": {"$ne": "a"}}, {"text": "A"}, {"text": "a"}),
        ({"text": {"$between": ["a", "c"]}}, {"text": "c"}, {"text": "ca"}),
        ({"text": {"$contains": ""}}, {"text": "x"}, {"text": None}),
        ({"text": {"$iequals": "STRASSE"}}, {"text": "straße"}, {"text": "straßen"}),
    ],
)
def test_what_the_node_does_wrong_is_decided_in_python(
    kinds: Model, conditions: Any, matching: dict[str, object], other: dict[str, object]
) -> None:
    wanted = checked_filter(kinds, conditions)
    assert wanted.node == {}
    assert wanted.passes(Row("Kinds", matching))
    assert not wanted.passes(Row("Kinds", other))


def test_conditions_are_joined_by_and(kinds: Model) -> None:
    wanted = checked_filter(kinds, {"whole": 1, "numbers": [1], "mapping": {}})
    assert wanted.node == {"whole": {"$eq": 1}}
    assert wanted.passes(Row("Kinds", {"numbers": [1], "mapping": {}}))
    assert not wanted.passes(Row("Kinds", {"numbers": [1], "mapping": {"a": 1}}))


def test_an_unknown_field_names_the_nearest(kinds: Model) -> None:
    with pytest.raises(UnknownField, match=r"(?s)Kinds has no field 'numbrs': did you mean 'numbers'\?.*silently find"):
        checked_filter(kinds, {"numbrs": 1})


@pytest.mark.parametrize(("operator", "guess"), [("gt", "$gt"), ("$gtt", "$gt"), ("nin", "$nin")])
def test_an_unknown_operator_names_the_nearest(kinds: Model, operator: str, guess: str) -> None:
    with pytest.raises(UnknownOperator) as caught:
        checked_filter(kinds, {"whole": {operator: 3}})
    assert f"filter on Kinds.whole: '{operator}' cannot be used: did you mean '{guess}'?" in str(caught.value)


@pytest.mark.parametrize("operator", ["$like", "$ilike", "$not", "$or", "$regex"])
def test_operators_that_are_broken_in_dataflow_are_refused_as_such(kinds: Model, operator: str) -> None:
    with pytest.raises(UnknownOperator, match=r"(?s)broken.*filter the rows in Python") as caught:
        checked_filter(kinds, {"text": {operator: "a%"}})
    assert all(known in str(caught.value) for known in OPERATORS)


@pytest.mark.parametrize("field", ["whole", "moment", "status", "numbers"])
def test_operators_of_texts_are_for_texts(kinds: Model, field: str) -> None:
    with pytest.raises(UnknownOperator, match=r"is no text|holds no text") as caught:
        checked_filter(kinds, {field: {"$contains": "a"}})
    assert "$contains" not in str(caught.value).partition("do:")[2]


def test_a_text_is_compared_in_python_too_where_a_collation_finds_more(kinds: Model) -> None:
    wanted = checked_filter(kinds, {"text": {"$in": ["a", "b"]}})
    assert wanted.node == {"text": {"$in": ["a", "b"]}}
    assert [wanted.passes(Row("Kinds", {"text": text})) for text in ("a", "A", "a ", "b")] == [True, False, False, True]


def test_json_has_no_order(kinds: Model) -> None:
    with pytest.raises(UnknownOperator, match=r"(?s)Kinds.numbers: '\$gt'.*JSON, which has no order"):
        checked_filter(kinds, {"numbers": {"$gt": [1]}})


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"whole": "3"}, "Kinds.whole: expected int, got '3'"),
        ({"whole": True}, "Kinds.whole: expected int, got True"),
        ({"flag": 1}, "Kinds.flag: expected bool, got 1"),
        ({"whole": {"$in": [1, "2"]}}, "Kinds.whole: expected int, got '2'"),
        ({"whole": {"$in": 3}}, "$in on Kinds.whole takes a list, got 3"),
        ({"text": {"$in": "abc"}}, "$in on Kinds.text takes a list, got 'abc'"),
        ({"status": "payd"}, "expected Status (Status.OPEN, Status.PAID)"),
        ({"maybe": {"$gt": None}}, "$gt on Kinds.maybe cannot compare with None"),
        ({"maybe": {"$null": "no"}}, "$null on Kinds.maybe takes True or False, got 'no'"),
        ({"whole": {}}, "the filter on Kinds.whole is empty"),
        ({"numbers": ["a"]}, "Kinds.numbers: expected list[int]"),
        ({"mapping": "x"}, "Kinds.mapping: expected dict, got 'x'"),
        ({"whole": {"$between": [1]}}, "$between on Kinds.whole takes the least and the greatest value, got [1]"),
        ({"maybe": {"$between": [1, None]}}, "$between on Kinds.maybe takes the least and the greatest value"),
        ({"text": {"$contains": 3}}, "$contains on Kinds.text takes a text, got 3"),
    ],
)
def test_operands_of_the_wrong_kind_are_refused(kinds: Model, conditions: Any, words: str) -> None:
    with pytest.raises(FieldTypeError) as caught:
        checked_filter(kinds, conditions)
    assert words in str(caught.value)
