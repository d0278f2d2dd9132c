"""Relations that nobody declared, inferred from foreign keys and from the names of fields: on request only."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.relations import Related
from kailash_testkit.models import Model
from kailash_testkit.models.model import MISSING
from kailash_testkit.models.types import alternatives, type_name
from kailash_testkit.store.store import Store

_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Guess:
    """What the name of a field says: the model whose rows it belongs to, or None; why, or why not."""

    field: str
    model: str | None
    why: str


def guesses(model: Model, models: Mapping[str, Model], references: Mapping[str, str]) -> Iterator[Guess]:
    """What each field of the model that holds an id by its name, or by a foreign key, belongs to.

    models: all that there are. references: the table that a foreign key of the database leads to, by field.
    """
    by_table = {other.table: other for other in models.values()}
    by_name = {_snake(name): other for name, other in models.items()}
    for name, field in model.writable.items():
        parent = by_table.get(references.get(name, ""))
        why = "by the database's foreign key"
        if parent is None:
            if not name.endswith("_id") or (name == "tenant_id" and model.tenant):
                continue
            parent, why = by_name.get(name.removesuffix("_id")), "by its name"
        if parent is None:
            yield Guess(name, None, f"no model is named {''.join(map(str.capitalize, name.split('_')[:-1]))}")
        elif not set(alternatives(parent.columns["id"])) <= set(alternatives(field.annotation)):
            of_field, of_parent = type_name(field.annotation), type_name(parent.columns["id"])
            yield Guess(name, None, f"it is declared {of_field}, and the ids of {parent.name} are {of_parent}")
        elif field.default is not MISSING:
            yield Guess(name, None, f"it has a default; it could belong to {parent.name}, {why}")
        else:
            yield Guess(name, parent.name, why)


def _snake(name: str) -> str:
    return _WORD_BREAK.sub("_", name).lower()


class Inference:
    """Makes the relations of a graph of factories; what is declared comes first.

    given: factories to be used for their models. The parents' own relations are inferred as well.
    """

    def __init__(self, given: Mapping[str, Definition], dataflow: Any) -> None:
        self._dataflow = dataflow
        self._parents = {name: self._inferring(definition) for name, definition in given.items()}

    def _inferring(self, definition: Definition) -> Definition:
        return replace(definition, beneath=(*definition.beneath, self))

    def __call__(self, store: Store, model: Model, declared: Collection[str]) -> Mapping[str, object]:
        found = guesses(model, {each.name: each for each in store.models_by_table().values()}, store.references(model))
        return {
            guess.field: Related(FactoryBase.of(self._parent(guess.model)))
            for guess in found
            if guess.model is not None and guess.field not in declared
        }

    def _parent(self, model: str) -> Definition:
        if model not in self._parents:
            self._parents[model] = self._inferring(Definition(model, self._dataflow))
        return self._parents[model]


def with_inferred_relations(definition: Definition, factories: Collection[FactoryBase]) -> Definition:
    """The definition with relations for required fields that nobody declared. Raises `DeclarationError`."""
    given: dict[str, Definition] = {}
    for factory in factories:
        other = definition_of(factory)
        if other.model_name in given:
            raise DeclarationError(
                f"infer_relations(...) was given two factories for {other.model_name}",
                do="give one of them, and declare the other where it is meant: related(...)",
            )
        given[other.model_name] = other
    inference = Inference(given, definition.dataflow)
    return replace(definition, beneath=(*definition.beneath, inference))
