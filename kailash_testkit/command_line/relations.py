"""``kailash-testkit lint --relations``: what `Factory.infer_relations` would infer, before it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from kailash_testkit.factories import FactoryBase
from kailash_testkit.factories.base import definition_of
from kailash_testkit.factories.inferring import guesses
from kailash_testkit.factories.relations import relations
from kailash_testkit.models import read_model
from kailash_testkit.text import comma_join


@dataclass(frozen=True)
class FoundRelation:
    """A field that belongs to a model, by a declaration or by its name. model: None where it is not clear, with why."""

    field: str
    model: str | None
    why: str
    is_declared: bool

    def text(self) -> str:
        """For people."""
        if self.is_declared:
            return f"{self.field} -> {self.why}"
        inferred = ": not inferred" if self.model is None else f" -> {self.model}"
        return f"{self.field}{inferred}: {self.why}"


def found_in(dataflow: Any, modules: Iterable[ModuleType]) -> Iterator[FoundRelation]:
    """The relations that factories declare and that fields' names say."""
    models = {name: read_model(dataflow, name) for name in sorted(dataflow.get_models())}
    declared = _declared(modules)
    for model in models.values():
        for guess in guesses(model, models, {}):
            where = f"{model.name}.{guess.field}"
            if where in declared:
                yield _stated(where, declared.pop(where))
            else:
                yield FoundRelation(where, guess.model, guess.why, is_declared=False)
    for where, parents in sorted(declared.items()):
        yield _stated(where, parents)


def summary(target: str, found: Iterable[FoundRelation]) -> str:
    """What it comes to."""
    guessed = [relation for relation in found if not relation.is_declared]
    inferred = sum(relation.model is not None for relation in guessed)
    return (
        f"{target}: infer_relations() would relate {inferred}, and not {len(guessed) - inferred}; a foreign key of the "
        "test database comes before a name"
    )


def _declared(modules: Iterable[ModuleType]) -> dict[str, dict[str, list[str]]]:
    """By field: the models that factories of the modules relate it to, and which factories."""
    found: dict[str, dict[str, list[str]]] = {}
    for module in modules:
        factories = {name: value for name, value in vars(module).items() if isinstance(value, FactoryBase)}
        for name, factory in factories.items():
            definition = definition_of(factory)
            for field, relation in relations(definition.defaults).items():
                parents = found.setdefault(f"{definition.model_name}.{field}", {})
                parents.setdefault(relation.definition().model_name, []).append(f"{module.__name__}.{name}")
    return found


def _stated(where: str, parents: Mapping[str, list[str]]) -> FoundRelation:
    by = " and ".join(f"{model}: declared by {comma_join(names)}" for model, names in parents.items())
    return FoundRelation(where, comma_join(parents), by, is_declared=True)
