"""Where two values differ, by path; and when they are equal at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from kailash_testkit.models.differences import differences, lines
from kailash_testkit.models.equality import equal_columns, identical, same


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["j['b']: 2 -> 3"]),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 4}]}, ["j['a'][1]['n']: 2 -> 4"]),
        ({"a": None}, {"b": 1, "a": None}, ["j['b']: (missing) -> 1"]),
        ({"a": None, "b": 1}, {"b": 1}, ["j['a']: None -> (missing)"]),
        ([1, 2, 3], [1, 9, 2, 3], ["j[1]: (missing) -> 9"]),
        ([1, 2, 3], [1, 3], ["j[1]: 2 -> (missing)"]),
        ({"a": 1}, {"a": "1"}, ["j['a']: 1 -> '1'"]),
        ({"a": 1}, {"a": True}, ["j['a']: 1 -> True"]),
        ({"a": 1}, {"a": 1.0}, ["j['a']: 1 -> 1.0"]),
        ({"a": datetime(2025, 1, 2), "b": 1}, {"a": None, "b": 1}, ["j['a']: 2025-01-02T00:00:00 -> None"]),
        ('{"a": 1, "b": [1]}', '{"a": 1, "b": [2]}', ["j['b'][0]: 1 -> 2"]),
        ("a", "b", ["j: 'a' -> 'b'"]),
        ({}, [], ["j: {} -> []"]),
    ],
)
def test_the_paths_that_differ(one: Any, other: Any, shown: list[str]) -> None:
    assert lines(differences("j", one, other, identical), "{}: {} -> {}") == shown


def test_a_long_text_within_json_shows_the_part_that_differs() -> None:
    (line,) = lines(differences("j", {"t": "x" * 900 + "a"}, {"t": "x" * 900 + "b"}), "{}: {} -> {}")
    assert line.startswith("j['t']: ...'xxxx")
    assert "a' (901 characters) -> ..." in line


def test_many_places_are_counted() -> None:
    found = lines(differences("j", dict.fromkeys(range(50), 1), dict.fromkeys(range(50), 2)), "{}: {} -> {}")
    assert len(found) == 7
    assert found[-1] == "... and 44 more places"


def test_what_looks_the_same_still_differs_on_the_screen() -> None:
    class Silent:
        def __init__(self, n: int) -> None:
            self.n = n

        def __repr__(self) -> str:
            return "silent"

    class Other(Silent):
        pass

    assert lines(differences("j", Silent(1), Other(2)), "{} {} {}") == ["j silent (Silent) silent (Other)"]


def test_equality_of_columns() -> None:
    assert equal_columns({"a": 1.0}, {"a": 1})
    assert not equal_columns({"a": True}, {"a": 1})
    assert not identical({"a": [1.0]}, {"a": [1]})
    assert same([1, {"a": None}], '[1, {"a": null}]')
    assert not same({"a": [1]}, {"a": "[1]"}), "only a whole column is kept as JSON text"
    assert not same(["1"], "1")
