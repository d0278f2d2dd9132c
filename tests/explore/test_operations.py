"""The operations of a description: references, parameters, bodies, and patterns that choose some."""

from __future__ import annotations

from typing import Any

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.operations import operations_of, resolved

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/orders/{id}": {"$ref": "#/components/pathItems/Order"},
        "/papers": {"post": {"requestBody": {"required": True, "content": {"multipart/form-data": {}}}}},
    },
    "components": {
        "pathItems": {
            "Order": {
                "parameters": [{"name": "id", "in": "path", "type": "integer"}],
                "get": {"parameters": [{"$ref": "#/components/parameters/full"}]},
                "put": {"requestBody": {"$ref": "#/components/requestBodies/Order"}, "security": [{"key": []}]},
            }
        },
        "parameters": {
            "full": {"name": "full", "in": "query", "content": {"application/json": {"schema": {"type": "boolean"}}}}
        },
        "requestBodies": {
            "Order": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/a~1b"}}}}
        },
        "schemas": {
            "a/b": {"type": "object", "properties": {"note": {"type": "string"}}},
            "Endless": {"$ref": "#/components/schemas/Endless"},
        },
    },
}


def test_references_are_followed_wherever_they_stand() -> None:
    read, put, upload = operations_of(DOCUMENT)
    assert (read.label, read.role, read.own_parameter, read.collection) == ("GET /orders/{id}", "read", "id", "/orders")
    assert [(each.name, each.place, each.schema["type"]) for each in read.parameters] == [
        ("id", "path", "integer"),
        ("full", "query", "boolean"),
    ]
    assert (put.properties(), put.needs_login, put.unsupported) == ({"note": {"type": "string"}}, True, "")
    assert (upload.body, upload.unsupported) == (None, "its body is multipart/form-data")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"$ref": "#/components/schemas/a~1b"}, {"type": "object", "properties": {"note": {"type": "string"}}}),
        ({"allOf": [{"type": "string"}], "title": "A"}, {"type": "string", "title": "A"}),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, {"type": "integer", "nullable": True}),
        ({"anyOf": [{"type": "string"}]}, {"type": "string", "nullable": False}),
        ({"type": ["null", "string"]}, {"type": "string", "nullable": True}),
        ({"type": ["null"]}, {"type": "null", "nullable": True}),
        ({"$ref": "#/components/schemas/Endless"}, {"$ref": "#/components/schemas/Endless"}),
    ],
)
def test_a_schema_is_resolved_at_its_top(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert resolved(schema, DOCUMENT) == expected


def test_patterns_choose_operations_and_one_for_none_is_refused() -> None:
    assert [each.label for each in operations_of(DOCUMENT, ["GET *", "POST /papers"])] == [
        "GET /orders/{id}",
        "POST /papers",
    ]
    with pytest.raises(ConfigurationError, match="none is 'POST /paper': did you mean 'POST /papers'"):
        operations_of(DOCUMENT, "POST /paper")
    with pytest.raises(ConfigurationError, match="has no operation"):
        operations_of({"paths": {}})
