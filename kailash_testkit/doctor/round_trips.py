"""Each field's values through DataFlow's own nodes: CreateNode, then ReadNode."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kailash_testkit.doctor.samples import Sample, samples
from kailash_testkit.doctor.verdicts import Outcome, Verdict, judged
from kailash_testkit.errors import KitError, NodeFailed
from kailash_testkit.kit import Kit
from kailash_testkit.models import Field, Model
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.types import is_nullable

PROBE: Final = "TestkitProbe"
"""What the models are called in which a field is tried by itself."""

_FIELD: Final = "value"
_numbers = itertools.count(1)


class RoundTrips:
    """Tries the fields of the models of one DataFlow, in a throw-away database.

    A model of which no row can be stored at all, because of one field, is tried field by field in models of its own.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def of_model(self, name: str) -> dict[str, list[Verdict]]:
        """The verdicts by field: on each of its samples. Fields that DataFlow manages are left out."""
        model = self._kit.store.model(name)
        fields = [field for field in model.fields.values() if field.name not in {*MANAGED, "id", "tenant_id"}]
        together = await self._stores_rows(model)
        found: dict[str, list[Verdict]] = {}
        for field in fields:
            probed = model if together else self._alone(field)
            place = field.name if together else _FIELD
            found[field.name] = [await self._tried(probed, place, field, each) for each in _samples(field)]
        return found

    async def _stores_rows(self, model: Model) -> bool:
        try:
            await self._kit.store.workflows.run(model, "Create", self._row(model))
        except KitError:  # a value that cannot be made, or one that DataFlow or the database refuses
            return False
        return True

    def _alone(self, field: Field) -> Model:
        """A model with that field only, registered with the same DataFlow."""
        body: dict[str, Any] = {"__annotations__": {"id": int, _FIELD: field.annotation}}
        if is_nullable(field.annotation) and field.nullable:
            body[_FIELD] = None
        name = f"{PROBE}{next(_numbers)}"
        self._kit.dataflow.model(type(name, (), body))
        return self._kit.store.model(name)

    def _row(self, model: Model) -> dict[str, object]:
        return dict(self._kit.factory(model.name).build()) if not model.name.startswith(PROBE) else {}

    async def _tried(self, model: Model, place: str, field: Field, sample: Sample) -> Verdict:
        values = {**self._row(model), place: sample.value}
        before = self._kit.database.count(model.table)
        try:
            result = await self._kit.store.workflows.run(model, "Create", values)
        except NodeFailed as failure:
            stored = self._kit.database.count(model.table) > before
            outcome = Outcome.STORED_THEN_RAISED if stored else Outcome.REFUSED
            return Verdict(sample, outcome, failure.why or failure.what)
        row_id = values.get("id", result.get("id")) or self._newest(model)
        try:
            read = await self._kit.store.workflows.run(model, "Read", {"id": row_id})
        except NodeFailed as failure:
            return Verdict(sample, Outcome.ALTERED, f"cannot be read: {failure.why}")
        return judged(field.annotation, sample, _read(read, place))

    def _newest(self, model: Model) -> object:
        return self._kit.database.last_generated_id(model.table)


def _read(read: Mapping[str, Any], place: str) -> object:
    return read.get(place)


def _samples(field: Field) -> Iterator[Sample]:
    yield from samples(field.annotation)
    if is_nullable(field.annotation):
        yield Sample(None, "None")
