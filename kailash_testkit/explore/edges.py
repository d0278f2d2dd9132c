"""Values at the edges of what databases keep, put into requests that are accepted otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from kailash_testkit.doctor.samples import Sample, samples
from kailash_testkit.explore.calls import Call, as_object
from kailash_testkit.explore.fitting import fits
from kailash_testkit.explore.operations import Operation, Schema
from kailash_testkit.models.rows import jsonable

_LARGE: Final = (
    Sample(2**40, "2**40"),
    Sample(2**53 + 1, "2**53 + 1"),
    Sample(2**63, "2**63"),
    Sample(-(2**63) - 1, "-2**63 - 1"),
    Sample(2**64, "2**64"),
)
_USUAL: Final = "usual"  # worth a try, and no edge by what it stands for
_FORMS: Final[Mapping[str, tuple[Sample, ...]]] = {
    "date-time": (
        Sample("0001-01-01T00:00:00", "the first year"),
        Sample("9999-12-31T23:59:59.999999", "the last year"),
        Sample("2025-01-02T03:04:05+05:30", _USUAL),
        Sample("0001-01-01T00:00:00+05:30", "the first moment, +05:30"),
        Sample("9999-12-31T23:59:59-05:30", "the last moment, -05:30"),
    ),
    "date": (Sample("0001-01-01", "the first year"), Sample("9999-12-31", "the last year")),
}
_DEEPEST: Final = 3
_LONGEST_TEXT: Final = 100_000
_LONGEST_IN_URL: Final = 2000  # servers refuse more


def edge_calls(operation: Operation, accepted: Call) -> Iterator[Call]:
    """An accepted request with one value at an edge each. Each fits the description: it is refused, or kept."""
    for parameter in operation.parameters:
        if parameter.place in ("path", "query"):
            yield from _in_parameter(operation, accepted, parameter.name, parameter.place, parameter.schema)
    body = as_object(accepted.body)
    if operation.body is not None and body is not None:
        for place, value, words in _in_object(operation, operation.resolved(operation.body), body, _DEEPEST):
            yield replace(accepted, body=value, edge="" if words == _USUAL else f"{place}: {words}")


def _in_parameter(operation: Operation, accepted: Call, name: str, place: str, schema: Schema) -> Iterator[Call]:
    plain = operation.resolved(schema)
    for sample in (*_samples(plain), *_next_to_bound(plain, place)):
        value = jsonable(sample.value)
        if isinstance(value, str) and len(value) > _LONGEST_IN_URL:
            continue
        if not fits(value, plain) or value == "" or (place == "path" and value in (".", "..")):
            continue
        edge = "" if sample.words == _USUAL else f"{name}: {sample.words}"
        if place == "path":
            yield replace(accepted, path_parameters={**accepted.path_parameters, name: value}, edge=edge)
        else:
            yield replace(accepted, query={**accepted.query, name: value}, edge=edge)


def _next_to_bound(schema: Schema, place: str) -> Iterator[Sample]:
    """A small number: an offset of 1 skips a row, and leaves others."""
    if place == "query" and schema.get("type") == "integer":
        low = schema.get("minimum", 0)
        yield Sample(int(low) + 1, _USUAL)


Edge = tuple[str, dict[str, object], str]


def _in_object(operation: Operation, schema: Schema, body: dict[str, object], deep: int) -> Iterator[Edge]:
    """The place, the object with the value in it, and the value in words."""
    declared: Mapping[str, Any] = schema.get("properties", {})
    names = declared or {name: _of_value(value) for name, value in body.items()}
    for name, inner in names.items():
        plain = operation.resolved(inner)
        for sample in _samples(plain):
            value = jsonable(sample.value)
            if fits(value, plain):
                yield name, {**body, name: value}, sample.words
        held = body.get(name)
        if isinstance(held, dict) and deep:
            for place, value, words in _in_object(operation, plain, cast("dict[str, object]", held), deep - 1):
                yield f"{name}.{place}", {**body, name: value}, words
        elif isinstance(held, list) and held and isinstance(held[0], dict) and deep:
            items = cast("list[dict[str, object]]", held)
            item = operation.resolved(plain.get("items", {}))
            for place, value, words in _in_object(operation, item, items[0], deep - 1):
                yield f"{name}[0].{place}", {**body, name: [value, *items[1:]]}, words


def _of_value(value: object) -> Schema:
    """A schema for a field of which only a value is known."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer"}
    return {"type": "string"} if isinstance(value, str) else {}


def _bounds(schema: Schema) -> Iterator[Sample]:
    """The values at the bounds that a schema sets."""
    if schema.get("type") == "boolean":
        yield from (Sample(True, _USUAL), Sample(False, _USUAL))
    if schema.get("type") in ("integer", "number"):
        for name in ("minimum", "maximum"):
            if isinstance(schema.get(name), int | float):
                yield Sample(schema[name], _USUAL)
    if schema.get("type") == "string" and not schema.get("format") and not schema.get("pattern"):
        for name in ("minLength", "maxLength"):
            if isinstance(schema.get(name), int) and 0 < schema[name] <= _LONGEST_TEXT:
                yield Sample("x" * schema[name], _USUAL)


def _samples(schema: Schema) -> Iterator[Sample]:
    """The doctor's values for a type of JSON that are special, and those beyond what a database's number holds."""
    if schema.get("enum") or "const" in schema:
        yield from (Sample(option, _USUAL) for option in schema.get("enum", ()))
        return
    yield from _bounds(schema)
    kinds: Mapping[str, object] = {"string": str, "integer": int, "number": float, "object": dict, "array": list}
    form = str(schema.get("format", ""))
    kind = str(schema.get("type"))
    if form in _FORMS:
        yield from _FORMS[form]
    elif kind in ("array", "object") and (schema.get("items") or schema.get("properties")):
        yield from (each for each in samples(kinds[kind]) if each.words == "empty")
    elif kind in kinds and not form:
        yield from (each for each in samples(kinds[kind]) if each.words)
        if kind == "integer":
            yield from _LARGE
