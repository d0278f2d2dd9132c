"""When a column holds what was sent, and which values are at an edge."""

from __future__ import annotations

from typing import Any

import pytest

from kailash_testkit.explore.judging import is_at_edge, is_kept
from kailash_testkit.models import Field, Model
from kailash_testkit.models.rows import Row

COLUMNS: dict[str, type] = {"id": int, "text": str, "number": int, "total": float, "tags": list, "data": dict}


def kept(column: str, sent: object, stored: object) -> bool:
    model = Model("Note", "notes", {name: Field(name, kind) for name, kind in COLUMNS.items()})
    return is_kept(model, column, sent, Row("Note", {"id": 1, column: stored}))


@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        ("text", "Ada ", "ada"),
        ("text", "", None),
        ("text", 7, "7"),
        ("number", "7", 7),
        ("number", 7, 7),
        ("total", 1.004, 1.0),
        ("total", 3, 3.0),
        ("tags", ["b", "a"], ["a", "b"]),
        ("data", {"a": 1}, {"a": 1}),
    ],
)
def test_a_tidier_form_is_kept(column: str, sent: object, stored: object) -> None:
    assert kept(column, sent, stored)


@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        ("text", "Ada", "Eve"),
        ("text", "seven", 7),
        ("number", 7, 8),
        ("number", "seven", 7),
        ("total", 1.5, 1.0),
        ("tags", ["a"], ["a", "b"]),
        ("data", {"a": 1}, {}),
    ],
)
def test_another_value_is_not(column: str, sent: object, stored: object) -> None:
    assert not kept(column, sent, stored)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", False),
        ("\0", True),
        ("ä", True),
        ("x" * 5000, True),
        ("DROP TABLE notes; --", True),
        (2**40, True),
        (0.00001, True),
        (7, False),
        (None, False),
        ({"a": ["ä"]}, True),
        ({"\u200b": 1}, True),
        ({"a": [1]}, False),
    ],
)
def test_values_with_which_databases_have_trouble(value: Any, expected: bool) -> None:
    assert is_at_edge(value) is expected
