"""Series of requests that are smaller than one by one thing: a request, a field, a plain value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, cast

from kailash_testkit.explore.calls import NO_BODY, Call, Made, NoBody, Script, as_object, steps_needed, with_made
from kailash_testkit.explore.fitting import fits
from kailash_testkit.explore.operations import Operation, Schema

_SIMPLE: Final[Mapping[type, tuple[object, ...]]] = {str: ("a", "x@example.com"), int: (1,), float: (1.5,)}


def smaller(script: Script) -> Iterator[Script]:
    """Series that are smaller by one thing."""
    for place in range(len(script) - 1):
        if not any(place in steps_needed(call) for call in script):
            yield tuple(_moved(call, place) for number, call in enumerate(script) if number != place)
    for place in reversed(range(len(script))):
        for call in _smaller_calls(script[place]):
            yield (*script[:place], call, *script[place + 1 :])


def has_required(operation: Operation, schema: Schema, body: object) -> bool:
    plain = operation.resolved(schema)
    if isinstance(body, dict):
        values = cast("dict[str, object]", body)
        properties: Mapping[str, Schema] = plain.get("properties", {})
        inner = all(
            has_required(operation, properties[name], each) for name, each in values.items() if name in properties
        )
        return inner and all(name in values for name in plain.get("required", ()))
    if isinstance(body, list):
        item: Schema = plain.get("items") or {}
        items = cast("list[object]", body)
        return len(items) >= plain.get("minItems", 0) and all(has_required(operation, item, each) for each in items)
    return isinstance(body, (NoBody, Made)) or fits(body, plain)


def _moved(call: Call, gone: int) -> Call:
    return with_made(call, lambda made: replace(made, step=made.step - 1) if made.step > gone else made)


def _smaller_calls(call: Call) -> Iterator[Call]:
    for name in call.query:
        yield replace(call, query={key: value for key, value in call.query.items() if key != name})
    if call.body is not NO_BODY:
        for body in _smaller_values(call.body):
            yield replace(call, body=body, edge=call.edge if _holds_edge(call, body) else "")


def _holds_edge(call: Call, body: object) -> bool:
    """Whether the value at the edge is still in the body."""
    name = call.edge.partition(":")[0].partition(".")[0].partition("[")[0]
    before, now = as_object(call.body), as_object(body)
    return before is not None and now is not None and before.get(name) == now.get(name)


def _smaller_values(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        for name in entries:
            yield {key: each for key, each in entries.items() if key != name}
        for name, held in entries.items():
            for smaller in _smaller_values(held):
                yield {**entries, name: smaller}
    elif isinstance(value, list):
        items = cast("list[object]", value)
        for place in range(len(items)):
            yield [*items[:place], *items[place + 1 :]]
        for place, item in enumerate(items):
            for smaller in _smaller_values(item):
                yield [*items[:place], smaller, *items[place + 1 :]]
    elif not isinstance(value, bool):
        if isinstance(value, float) and value.is_integer():
            yield int(value)
        options = _SIMPLE.get(type(value), ())
        if value not in options:
            yield from options[:1]
