"""Requests for an operation: by its schema, about rows that there are, with values that the models' factories make."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kailash_testkit.errors import KitError
from kailash_testkit.explore.calls import NO_BODY, Call, NoBody, as_object
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.overlaying import NOT_BUILT, Overlay
from kailash_testkit.explore.schemathesis_values import Description
from kailash_testkit.explore.subjects import Subject, Subjects
from kailash_testkit.explore.world import World
from kailash_testkit.factories import Factory
from kailash_testkit.models import Model
from kailash_testkit.models.rows import jsonable

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

_BUILT: Final = 8  # candidates that have values of the model's factory
_REPLACED: Final = 0.4


class Values:
    """Makes requests. rows: those that there are."""

    def __init__(self, kit: Kit, subjects: Subjects, world: World, description: Description, seed: int) -> None:
        self._kit = kit
        self.subjects = subjects
        self.world = world
        self._description = description
        self._random = random.Random(seed)

    def candidates(self, operation: Operation) -> Iterator[Call]:
        """Requests that may be accepted, the likeliest first; another one each time, without end."""
        drawn = self._description.drawn(operation)
        number = 0
        while True:
            base = drawn[number % len(drawn)] if drawn else Call(operation.method, operation.path)
            yield self._about_rows(operation, base, number)
            number += 1

    def mixed(self, operation: Operation, accepted: Call) -> Call:
        """A request that was accepted with some of its values replaced by those of a drawn one."""
        drawn = self._description.drawn(operation)
        if not drawn:
            return self._about_rows(operation, accepted, self._random.randrange(1000))
        other = self._random.choice(drawn)
        query = {name: value for name, value in other.query.items() if self._random.random() < 0.5}
        call = replace(accepted, query={**accepted.query, **query})
        known = operation.properties()
        ours, theirs = as_object(accepted.body), as_object(other.body)
        if ours is None or theirs is None:
            return call
        if set(known) == {"inputs"}:  # a workflow of Nexus
            inner = self._some(operation, as_object(theirs.get("inputs")) or {}, {})
            return replace(call, body={"inputs": {**(as_object(ours.get("inputs")) or {}), **inner}})
        return replace(call, body={**ours, **self._some(operation, theirs, known)})

    def _some(
        self, operation: Operation, values: Mapping[str, object], known: Mapping[str, object]
    ) -> dict[str, object]:
        """Some of the values, without those that name rows."""
        names = [name for name in values if (name in known or not known) and not self._refers(operation, name)]
        return {name: values[name] for name in names if self._random.random() < _REPLACED}

    def _refers(self, operation: Operation, name: str) -> bool:
        return self.subjects.referred(name, self.subjects.of(operation)) is not None

    # --- what is put into a drawn request -------------------------------------------------------

    def _about_rows(self, operation: Operation, base: Call, number: int) -> Call:
        """The drawn request with ids of rows that there are, and at first with values that the factories make."""
        subject = self.subjects.of(operation)
        row = number // 2 if number else 0
        call = replace(base, path_parameters=self._path(operation, base, subject, row))
        required = {each.name for each in operation.parameters_in("query") if each.required}
        kept = {name: value for name, value in base.query.items() if name in required or number >= 4}
        query = {name: self._value_of(operation, subject, name, value, row) for name, value in kept.items()}
        headers = {name: value for name, value in base.headers.items() if self._is_required_header(operation, name)}
        call = replace(call, query=query, headers=headers)
        if operation.body is None:
            return replace(call, body=NO_BODY)
        return replace(call, body=self._body(operation, subject, call.body, number))

    @staticmethod
    def _is_required_header(operation: Operation, name: str) -> bool:
        declared = [each for each in operation.parameters_in("header") if each.required]
        return any(each.name.lower() == name.lower() != "authorization" for each in declared)

    def _path(self, operation: Operation, base: Call, subject: Subject | None, row: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for parameter in operation.parameters_in("path"):
            drawn = base.path_parameters.get(parameter.name, 1)
            if subject is not None and parameter.name == operation.own_parameter and subject.column is not None:
                found[parameter.name] = self._of_world(subject.model, subject.column, row, drawn)
            else:
                found[parameter.name] = self._value_of(operation, subject, parameter.name, drawn, row)
        parent = _parent_of(found, operation, subject, self)
        return {**found, **parent}

    def _value_of(self, operation: Operation, subject: Subject | None, name: str, drawn: object, row: int) -> object:
        referred = self.subjects.referred(name, subject)
        if referred is None and subject is not None and subject.is_action and name == "id":
            referred = subject.model, "id"
        if referred is None and subject is not None and name in operation.path and name in subject.model.columns:
            referred = subject.model, name
        return drawn if referred is None else self._of_world(*referred, row, drawn)

    def _of_world(self, model: Model, column: str, row: int, otherwise: object) -> object:
        rows = self.world.of(model.name)
        if not rows:
            return otherwise
        return jsonable(rows[row % len(rows)].as_dict().get(column, otherwise))

    def _body(self, operation: Operation, subject: Subject | None, drawn: object, number: int) -> object:
        schema = operation.resolved(operation.body or {})
        built = self.built(subject.model) if subject is not None and number < _BUILT else {}
        if not schema.get("properties") and schema.get("type", "object") == "object":  # nothing is said of the body
            known = {name: value for name, value in built.items() if name not in NOT_BUILT or name == "id"}
            nothing: dict[str, object] = {}
            return known or (nothing if isinstance(drawn, NoBody) else drawn)
        about = subject if subject is not None and subject.is_action else None
        overlay = Overlay(operation, self.subjects, self.world, about, built, number)
        return overlay.value(schema, {} if isinstance(drawn, NoBody) else drawn)

    def built(self, model: Model) -> dict[str, object]:
        """Values that the model's factory makes, as JSON, with the ids of rows that there are."""
        own = self.world.factories.get(model.name)
        factory: Any = own if isinstance(own, Factory) else self._kit.factory(model.name)
        parents = self.world.parents.get(model.name, {})
        given = {
            name: self.world.of(parent)[0].as_dict()["id"] for name, parent in parents.items() if self.world.of(parent)
        }
        try:
            found: Mapping[str, object] = factory.with_placeholders().build(**given)
        except KitError:
            return {}
        return {name: jsonable(value) for name, value in found.items()}


def _parent_of(
    found: dict[str, object], operation: Operation, subject: Subject | None, values: Values
) -> dict[str, object]:
    """In a nested path the parents of the row that the path ends with: ``/customers/{customer_id}/orders/{id}``."""
    own = operation.own_parameter
    if subject is None or own is None or subject.column is None or len(found) < 2:
        return {}
    rows = values.world.of(subject.model.name)
    row = next((each for each in rows if jsonable(each.as_dict().get(subject.column)) == found[own]), None)
    if row is None:
        return {}
    held = row.as_dict()
    parents = values.world.parents.get(subject.model.name, {})
    by_model = {parent: name for name, parent in parents.items()}
    result: dict[str, object] = {}
    for name in found:
        referred = values.subjects.referred(name, None)
        column = by_model.get(referred[0].name) if referred is not None else None
        if name != own and column is not None and held.get(column) is not None:
            result[name] = jsonable(held[column])
    return result
