"""The rows that requests are about: some of each model, made by factories, with their parents where these are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from kailash_testkit.errors import ConfigurationError, KitError
from kailash_testkit.explore.subjects import parent_by_name
from kailash_testkit.factories import Factory
from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.inferring import guesses
from kailash_testkit.factories.relations import relations
from kailash_testkit.models import Model
from kailash_testkit.models.model import MISSING
from kailash_testkit.models.rows import Row

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

OF_EACH: Final = 3
"""Rows of each model: one that a request is about, others that it is not."""


@dataclass
class World:
    """The rows, by model. unmade: why there is none of a model. factories: the user's, by model.

    parents: for each model the fields that hold the id of another model's row.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    unmade: dict[str, str] = field(default_factory=dict[str, str])
    factories: Mapping[str, FactoryBase] = field(default_factory=dict[str, FactoryBase])
    parents: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def of(self, model: str) -> Sequence[Row]:
        """The rows of a model."""
        return self.rows.get(model, ())


def factories_in(given: object) -> dict[str, FactoryBase]:
    """The user's factories by model. given: a module, factories, or a list of either; None for none.

    Of several for a model the first counts. Raises `ConfigurationError` for anything else.
    """
    found: dict[str, FactoryBase] = {}
    for factory in _each(given):
        found.setdefault(definition_of(factory).model_name, factory)
    return found


def _each(given: object) -> Iterator[FactoryBase]:
    if given is None:
        return
    if isinstance(given, FactoryBase):
        yield given
    elif isinstance(given, ModuleType):
        yield from (value for value in vars(given).values() if isinstance(value, FactoryBase))
    elif isinstance(given, list | tuple):
        for each in cast("Iterable[object]", given):
            yield from _each(each)
    else:
        raise ConfigurationError(
            f"factories={given!r}", do="give a module with factories, a factory, or a list of them"
        )


async def seeded(
    kit: Kit, given: object, owners: Mapping[str, object] | None = None, models: Sequence[Model] | None = None
) -> World:
    """Stores the rows. owners: values by column of what belongs to the user of the requests."""
    world = World(factories=factories_in(given))
    found = [*kit.store.models_by_table().values()] if models is None else [*models]
    by_name = {model.name: model for model in found}
    for model in found:
        world.parents[model.name] = _parents(kit, model, by_name)
    for model in found:
        world.rows[model.name] = present_rows(kit, model)
    for model in _in_order(found, world.parents):
        await _seed(kit, model, world, owners or {})
    return world


def present_rows(kit: Kit, model: Model) -> list[Row]:
    """Some of the rows that there are already, oldest first."""
    ids = [*kit.database.sample_ids(model.table, OF_EACH)]
    stored = {str(row["id"]): row for row in kit.database.rows(model.table, ids)}
    return [Row.decoded(model, stored[str(row_id)]) for row_id in reversed(ids) if str(row_id) in stored]


def _parents(kit: Kit, model: Model, by_name: Mapping[str, Model]) -> dict[str, str]:
    references = kit.store.references(model)
    found = {guess.field: guess.model for guess in guesses(model, by_name, references) if guess.model is not None}
    for name in model.writable:
        parent = parent_by_name(name, by_name)
        if parent is not None and name not in found and parent.name != model.name:
            found[name] = parent.name
    return found


def _in_order(models: Sequence[Model], parents: Mapping[str, Mapping[str, str]]) -> list[Model]:
    """Parents first; what needs itself in a circle stays in the given order."""
    done: dict[str, Model] = {}
    left = [*models]
    while left:
        ready = [
            each for each in left if all(name in done or name == each.name for name in parents[each.name].values())
        ]
        for each in ready or left[:1]:
            done[each.name] = each
            left.remove(each)
    return [*done.values()]


async def _seed(kit: Kit, model: Model, world: World, owners: Mapping[str, object]) -> None:
    own = world.factories.get(model.name)
    factory: Any = own if isinstance(own, Factory) else kit.factory(model.name)
    declared = set(relations(definition_of(factory).all_defaults())) if own is not None else set[str]()
    rows: list[Row] = []
    for number in range(len(world.of(model.name)), OF_EACH):
        values = {name: value for name, value in owners.items() if name in model.writable}
        for name, parent in world.parents[model.name].items():
            present = world.of(parent)
            is_free = name not in values and name not in declared
            if present and is_free and (parent != model.name or model.fields[name].default is MISSING):
                values[name] = present[number % len(present)].as_dict()["id"]
        try:
            rows.append(await factory.create(**values))
        except KitError as error:
            world.unmade[model.name] = error.what
            break
    world.rows[model.name] = [*world.of(model.name), *rows]
