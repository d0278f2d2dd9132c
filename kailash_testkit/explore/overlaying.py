"""Puts values that are known to be right into a body that was drawn: ids of rows, examples, what factories make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from kailash_testkit.explore.calls import as_object
from kailash_testkit.explore.fitting import fits
from kailash_testkit.explore.operations import Operation, Schema
from kailash_testkit.explore.subjects import Subject, Subjects
from kailash_testkit.explore.world import World
from kailash_testkit.judge.comparing import MANAGED_COLUMNS
from kailash_testkit.models.rows import jsonable

NOT_BUILT: Final = frozenset({"id", "tenant_id", *MANAGED_COLUMNS})
"""What a request is not given of a row that a factory makes."""

_DEEPEST: Final = 6
_PLAIN: Final = 4
_SIMPLE: Final[Mapping[str, object]] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True}


@dataclass(frozen=True)
class Overlay:
    """For one body. about: what the operation does something to, so that ``id`` is its id.

    built: values of the model's factory. number: of the candidate: the first ones are plain, without fields that may be
        left out unless they are known; all later ones have what was drawn.
    """

    operation: Operation
    subjects: Subjects
    world: World
    about: Subject | None
    built: Mapping[str, object]
    number: int

    @property
    def _is_plain(self) -> bool:
        return self.number < _PLAIN

    def value(
        self, schema: Schema, drawn: object, *, built: Mapping[str, object] | None = None, deep: int = 0
    ) -> object:
        """The drawn value with known ones in their places. schema: of the value, without a reference at its top."""
        if deep > _DEEPEST:
            return drawn
        if isinstance(drawn, list):
            items = cast("list[object]", drawn)
            item = self.operation.resolved(cast("Schema", schema.get("items") or {}))
            if not items and self._is_plain and item.get("properties"):
                items = [self._simplest(item)]
            return [self.value(item, each, built={}, deep=deep + 1) for each in items]
        values = as_object(drawn)
        return drawn if values is None else self._object(schema, values, self.built if built is None else built, deep)

    def _object(
        self, schema: Schema, values: Mapping[str, object], built: Mapping[str, object], deep: int
    ) -> dict[str, object]:
        required: list[str] = schema.get("required", [])
        properties: Mapping[str, Schema] = schema.get("properties", {})
        found: dict[str, object] = {}
        for name, declared in properties.items():
            inner = self.operation.resolved(declared)
            known = self._known(name, inner, built)
            is_drawn = name in values and not self._is_plain
            if name not in required and not is_drawn and (known is None or self.number % 2):
                continue
            if known is not None:
                found[name] = known
            elif name in values:
                found[name] = self.value(inner, values[name], built=built if name == "inputs" else {}, deep=deep + 1)
        if not self._is_plain:
            found.update({name: value for name, value in values.items() if name not in properties})
        return found

    def _known(self, name: str, schema: Schema, built: Mapping[str, object]) -> object:
        """A value that is right by what the field means; None where that is not known."""
        referred = self.subjects.referred(name, self.about)
        if referred is not None:
            return self._id(referred[0].name, schema)
        examples: list[object] = [*schema.get("examples", ()), *([schema["example"]] if "example" in schema else [])]
        if examples and fits(examples[0], schema):
            return examples[self.number % len(examples)]
        value = built.get(name)
        if value is not None and schema.get("type") == "string" and isinstance(value, int | float):
            value = str(value)
        return value if value is not None and name not in NOT_BUILT and fits(value, schema) else None

    def _id(self, model: str, schema: Schema) -> object:
        ids = [jsonable(row.as_dict()["id"]) for row in self.world.of(model)]
        if ids and schema.get("type") == "array":
            return ids[:2]
        return ids[self.number % len(ids)] if ids and fits(ids[0], {"type": schema.get("type")}) else None

    def _simplest(self, schema: Schema) -> dict[str, object]:
        """A simple object, where none was drawn."""
        required: list[str] = schema.get("required", [])
        properties: Mapping[str, Schema] = schema.get("properties", {})
        found: dict[str, object] = {}
        for name in required:
            inner = self.operation.resolved(properties.get(name, {}))
            options: list[object] = inner.get("enum", [])
            value = options[0] if options else _SIMPLE.get(str(inner.get("type")), {})
            low: object = inner.get("minimum", inner.get("exclusiveMinimum", 0))
            is_low = isinstance(value, int) and not isinstance(value, bool) and isinstance(low, int) and value <= low
            found[name] = low + 1 if is_low and isinstance(low, int) else value
        return found
