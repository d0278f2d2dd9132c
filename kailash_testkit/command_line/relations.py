"""``kailash-testkit lint --relations``: what `Factory.infer_relations` would infer, before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from kailash_testkit.factories import FactoryBase
from kailash_testkit.factories.base import definition_of
from kailash_testkit.factories.inferring import guesses
from kailash_testkit.factories.relations import relations
from kailash_testkit.models import read_model
from kailash_testkit.text import comma_join


def lines(target: str, dataflow: Any, modules: Iterable[ModuleType]) -> Iterator[str]:
    """A line for each relation that a factory declares or that a field's name says, then what it comes to."""
    models = {name: read_model(dataflow, name) for name in sorted(dataflow.get_models())}
    declared = _declared(modules)
    inferred = refused = 0
    for model in models.values():
        for guess in guesses(model, models, {}):
            by = declared.pop(f"{model.name}.{guess.field}", None)
            where = f"{model.name}.{guess.field}"
            if by is not None:
                yield f"{where} -> {by}"
            elif guess.model is None:
                refused += 1
                yield f"{where}: not inferred: {guess.why}"
            else:
                inferred += 1
                yield f"{where} -> {guess.model}: {guess.why}"
    yield from (f"{where} -> {by}" for where, by in sorted(declared.items()))
    yield (
        f"{target}: infer_relations() would relate {inferred}, and not {refused}; a foreign key of the test database "
        "comes before a name"
    )


def _declared(modules: Iterable[ModuleType]) -> dict[str, str]:
    """By field: the models that factories of the modules relate it to, and which factories."""
    found: dict[str, dict[str, list[str]]] = {}
    for module in modules:
        factories = {name: value for name, value in vars(module).items() if isinstance(value, FactoryBase)}
        for name, factory in factories.items():
            definition = definition_of(factory)
            for field, relation in relations(definition.defaults).items():
                parents = found.setdefault(f"{definition.model_name}.{field}", {})
                parents.setdefault(relation.definition().model_name, []).append(f"{module.__name__}.{name}")
    return {where: _stated(parents) for where, parents in found.items()}


def _stated(parents: Mapping[str, list[str]]) -> str:
    return " and ".join(f"{model}: declared by {comma_join(names)}" for model, names in parents.items())
