"""`Plan`: which rows a call makes, those that they need and those that they have included, and in which order."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final
from weakref import WeakKeyDictionary

from kailash_testkit.errors import CircularValues, DeclarationError
from kailash_testkit.factories.building import Blueprint, Recipe
from kailash_testkit.factories.definition import Children, Definition
from kailash_testkit.factories.drafts import Draft
from kailash_testkit.factories.hooks import run_hooks_of_built
from kailash_testkit.factories.numbering import Number, next_number
from kailash_testkit.factories.parents import Parents
from kailash_testkit.factories.relations import Related, relations
from kailash_testkit.models import Model
from kailash_testkit.models.model import unknown_field
from kailash_testkit.models.rows import Row
from kailash_testkit.store.store import Store
from kailash_testkit.text import comma_join

_NOTHING: Final[Mapping[str, object]] = {}


@dataclass(eq=False, repr=False)
class PlannedRow:
    """A row to be made: its values as far as they are known, and the rows whose ids it gets."""

    definition: Definition
    store: Store
    model: Model
    draft: Draft
    parents: Mapping[str, PlannedRow]
    number: Number
    stored: Row | None = None

    async def values(self) -> dict[str, object]:
        """All values, once the parents are stored."""
        ids = {field: parent.stored["id"] for field, parent in self.parents.items() if parent.stored is not None}
        return await self.draft.complete(ids)


_NO_PARENTS: Final[Mapping[str, PlannedRow]] = {}


class Plan:
    """The rows of one call, in the order in which they would be made one by one.

    All values that can be known are made, and checked, while rows are added: before anything is stored.
    """

    def __init__(self) -> None:
        self.rows: list[PlannedRow] = []
        self._shared: dict[int, PlannedRow] = {}
        self._found: dict[Definition, tuple[Store, Model, Blueprint]] = {}
        self._recipes: dict[tuple[Blueprint, int], Recipe] = {}
        self._given: list[object] = []  # whose ids are in keys

    def add(
        self,
        definition: Definition,
        given: Mapping[str, object] = _NOTHING,
        parents: Mapping[str, PlannedRow] = _NO_PARENTS,
        trail: _Trail = (),
    ) -> PlannedRow:
        """Plans a row, its parents and its children. Raises what the making of values raises.

        parents: the row whose child it is, by the field that gets its id. trail: the relations that led to the row.
        """
        definition, given = definition.switched(given)
        found = self._found.get(definition)
        if found is None:
            found = self._found[definition] = blueprint_of(definition)
        store, model, blueprint = found
        number = next_number(model.name)
        recipe = self._recipe(blueprint, given) if given else blueprint.recipe(given)
        needed = dict(parents)
        for field, relation in recipe.relations.items():
            if field not in parents:
                needed[field] = self._parent(store, model, field, relation, trail)
        family = Parents(model, blueprint.declared_relations, needed, next(iter(parents), None))
        draft = recipe.draft(number, {field: parent.draft.known_id() for field, parent in needed.items()}, family)
        planned = PlannedRow(definition, store, model, draft, needed, number)
        self.rows.append(planned)
        for children in definition.children:
            self._add_children(planned, children)
        return planned

    def _parent(self, store: Store, model: Model, field: str, relation: Related, trail: _Trail) -> PlannedRow:
        if any(other is relation for other, _ in trail):
            raise _circular(f"{model.name}.{field}", relation, trail)
        definition = relation.definition()
        here = (*trail, (relation, f"{model.name}.{field}"))
        parent = self._shared.get(id(definition)) if relation.share else None
        if parent is None:
            parent = self.add(definition, trail=here)
            if relation.share:
                self._shared[id(definition)] = parent
        check_reference(store, model, field, parent.model)
        return parent

    def _recipe(self, blueprint: Blueprint, given: Mapping[str, object]) -> Recipe:
        """How such rows are made; worked out once for all that are given the very same."""
        key = blueprint, id(given)
        if key not in self._recipes:
            self._recipes[key] = blueprint.recipe(given)
            self._given.append(given)
        return self._recipes[key]

    def _add_children(self, parent: PlannedRow, children: Children) -> None:
        store, model = children.definition.resolved()
        via = children.via or _link(children.definition, model, parent.model)
        if via not in model.writable:
            raise unknown_field(model, via, model.writable)
        check_reference(store, model, via, parent.model)
        for given in children.given:
            self.add(children.definition, given, {via: parent})

    async def settle(self) -> None:
        """Awaits async values as far as they can be known before anything is stored."""
        for row in self.rows:
            await row.draft.settle()

    def close(self) -> None:
        """Gives up values that nobody will await."""
        for row in self.rows:
            row.draft.close()

    def batches(self) -> list[list[PlannedRow]]:
        """The rows by model, those of parents first; of a model whose rows need each other, those that are needed.

        Where models need each other in a circle (through fields that are None in some of the rows), the rows are
        grouped by their distance from rows without parents.
        """
        if len(self.rows) == 1:
            return [self.rows]
        groups: defaultdict[_Group, list[PlannedRow]] = defaultdict(list)
        for row in self.rows:
            groups[_group(row)].append(row)
        graph = {
            group: {_group(parent) for row in rows for parent in row.parents.values()} - {group}
            for group, rows in groups.items()
        }
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError:
            return _by_depth([(depth, row) for row, depth in _depths(self.rows, any_model=True).items()])
        return [
            batch
            for group in order
            for batch in _by_depth([(depth, row) for row, depth in _depths(groups[group], any_model=False).items()])
        ]


def built(definition: Definition, given: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """The values of rows that are not to be stored, one for each mapping of given values."""
    recipes: dict[int, Recipe] = {}
    rows: list[dict[str, object]] = []
    for each in given:
        switched, rest = definition.switched(each)
        _, model, blueprint = blueprint_of(switched)
        if id(each) not in recipes:
            recipes[id(each)] = blueprint.recipe(rest)
        draft = recipes[id(each)].draft(next_number(model.name))
        rows.append(run_hooks_of_built(switched, model, draft))
    return rows


_blueprints: WeakKeyDictionary[Store, WeakKeyDictionary[Definition, Blueprint]] = WeakKeyDictionary()


def blueprint_of(definition: Definition) -> tuple[Store, Model, Blueprint]:
    """Where the definition's rows go now, and what they are made from there, worked out at the first call."""
    store, model = definition.resolved()
    of_store = _blueprints.get(store)
    if of_store is None:
        of_store = _blueprints[store] = WeakKeyDictionary()
    known = of_store.get(definition)
    if known is None:
        kept = functools.partial(store.database.at_column_precision, model.table)
        known = of_store[definition] = Blueprint(model, definition.defaults, kept)
    return store, model, known


_Group = tuple[int, str]
_Trail = tuple[tuple[Related, str], ...]


def _group(row: PlannedRow) -> _Group:
    return id(row.store), row.model.name


def _depths(rows: Sequence[PlannedRow], *, any_model: bool) -> dict[PlannedRow, int]:
    """How many parents stand above each row, of any model or of its own; rows come after their parents."""
    depths: dict[PlannedRow, int] = {}
    for row in rows:
        above = [depths[parent] for parent in row.parents.values() if any_model or _group(parent) == _group(row)]
        depths[row] = 1 + max(above, default=-1)
    return depths


def _by_depth(rows: Sequence[tuple[int, PlannedRow]]) -> list[list[PlannedRow]]:
    batches: dict[tuple[int, _Group], list[PlannedRow]] = {}
    for depth, row in rows:
        batches.setdefault((depth, _group(row)), []).append(row)
    return [batches[key] for key in sorted(batches, key=lambda key: key[0])]


def _link(children: Definition, model: Model, parent: Model) -> str:
    """The field of the children that holds the id of the parent."""
    found = [
        field
        for field, relation in relations(children.defaults).items()
        if relation.definition().model_name == parent.name
    ]
    if len(found) == 1:
        return found[0]
    raise DeclarationError(
        f"with_children(...): {model.name} has {'several relations' if found else 'no relation'} to {parent.name}",
        why=f"the factory of the children declares: {comma_join(relations(children.defaults))}",
        do='say which field holds the id: with_children(..., via="...")',
    )


def check_reference(store: Store, model: Model, field: str, parent: Model) -> None:
    """Raises `DeclarationError` when the database has a foreign key from that field to another table."""
    table = store.references(model).get(field, parent.table)
    if table != parent.table:
        raise DeclarationError(
            f"{model.name}.{field} is related to {parent.name}, and refers to table {table} in the database",
            why=f"the rows of {parent.name} are in table {parent.table}; the foreign key would refuse their ids",
            do=f"relate {field} to a factory of the model whose table is {table}",
        )


def _circular(here: str, relation: Related, trail: _Trail) -> CircularValues:
    places = [place for _, place in trail]
    start = next(number for number, (other, _) in enumerate(trail) if other is relation)
    return CircularValues(
        f"rows need each other: {' -> '.join([*places[start:], here])}",
        why="each of them would have to be stored before the other",
        do="declare one of the fields optional, with None as its default, or give it a value",
    )
