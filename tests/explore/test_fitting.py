"""Whether a value fits a schema, before it is put into a request."""

from __future__ import annotations

from typing import Any

import pytest

from kailash_testkit.explore.fitting import fits


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (None, {}),
        (None, {"type": "null"}),
        (None, {"type": "string", "nullable": True}),
        ("a", {"type": "string", "minLength": 1, "maxLength": 1, "pattern": "^a"}),
        (1.0, {"type": "integer"}),
        (3, {"type": "number", "minimum": 3, "maximum": 3, "multipleOf": 1.5}),
        ("b", {"enum": ["a", "b"]}),
        (2, {"const": 2}),
        ([1], {"type": "array", "minItems": 1}),
        ({"a": 1}, {"type": "object", "required": ["a"]}),
        (True, {"type": "boolean"}),
        ("2025-01-02T03:04:05", {"type": "string", "format": "date-time"}),
        ("2025-01-02", {"type": "string", "format": "date"}),
        ("00000000-0000-0000-0000-000000000001", {"type": "string", "format": "uuid"}),
        ("ada@example.org", {"type": "string", "format": "email"}),
        ("https://example.org", {"type": "string", "format": "uri"}),
        ("whatever", {"type": "string", "format": "of its own"}),
    ],
)
def test_what_fits(value: object, schema: dict[str, Any]) -> None:
    assert fits(value, schema)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (None, {"type": "string"}),
        (True, {"type": "integer"}),
        ("1", {"type": "integer"}),
        (1.5, {"type": "integer"}),
        ("", {"type": "string", "minLength": 1}),
        ("b", {"type": "string", "pattern": "^a"}),
        ("a", {"type": "string", "pattern": "(not a pattern"}),
        ("c", {"enum": ["a", "b"]}),
        (1, {"const": 2}),
        (4, {"type": "integer", "exclusiveMaximum": 4}),
        (4, {"type": "integer", "multipleOf": 3}),
        ([], {"type": "array", "minItems": 1}),
        ({}, {"type": "object", "required": ["a"]}),
        ("2025-01-02", {"type": "string", "format": "date-time"}),
        ("tomorrow", {"type": "string", "format": "date"}),
        ("1", {"type": "string", "format": "uuid"}),
        ("ada", {"type": "string", "format": "email"}),
        ("example.org", {"type": "string", "format": "uri"}),
    ],
)
def test_what_does_not(value: object, schema: dict[str, Any]) -> None:
    assert not fits(value, schema)
