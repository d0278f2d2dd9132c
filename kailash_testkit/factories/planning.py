"""`Plan`: which rows a call makes, those that they need and those that they have included, and in which order."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

from kailash_testkit.factories.building import Blueprint, Recipe
from kailash_testkit.factories.choices import is_option
from kailash_testkit.factories.declarations import Declaration, Values
from kailash_testkit.factories.definition import Definition, Linked
from kailash_testkit.factories.drafts import LATER, Draft, OnDemand
from kailash_testkit.factories.existing import Candidates, Existing
from kailash_testkit.factories.links import Link, Place, check_reference, circular, is_wanted, link_to
from kailash_testkit.factories.numbering import Number, next_number
from kailash_testkit.factories.ordering import batches
from kailash_testkit.factories.parents import Parents
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.models import Model
from kailash_testkit.models.rows import BaseRow, Row, model_of
from kailash_testkit.store.store import Store

_PLACEHOLDERS: Final = 2_000_000_000
"""Numbers beyond are ids of rows that are never stored: above all numbers that factories give, within four bytes."""

_NOTHING: Final[Mapping[str, object]] = {}


@dataclass(eq=False, repr=False, slots=True)
class PlannedRow:
    """A row to be made: its values as far as they are known, and the rows whose ids it gets."""

    definition: Definition
    store: Store
    model: Model
    draft: Draft
    parents: Mapping[str, PlannedRow]
    number: Number
    given: Mapping[str, object]
    stored: Row | None = None

    async def values(self) -> dict[str, object]:
        """All values, once the parents are stored."""
        ids = {field: parent.stored["id"] for field, parent in self.parents.items() if parent.stored is not None}
        return await self.draft.complete(ids)


_NO_PARENTS: Final[Mapping[str, PlannedRow]] = {}
_ALONE: Final = Place()


class Plan:
    """The rows of one call, in the order in which they would be made one by one.

    All values that can be known are made, and checked, while rows are added: before anything is stored.
    known: the rows that relations to stored rows may take. placeholders: nothing will be stored, so that what the
    database would number gets numbers that no row has, and no children are made.
    """

    def __init__(self, known: Candidates | None = None, *, placeholders: bool = False) -> None:
        self.rows: list[PlannedRow] = []
        self._candidates = known or {}
        self._placeholders = placeholders
        self._once: dict[Definition, PlannedRow] = {}
        self._found: dict[Definition, tuple[Store, Model, Blueprint]] = {}
        self._recipes: dict[tuple[Blueprint, int], Recipe] = {}
        self._given: list[object] = []  # whose ids are in keys

    def add(
        self,
        definition: Definition,
        given: Mapping[str, object] = _NOTHING,
        parents: Mapping[str, PlannedRow] = _NO_PARENTS,
        place: Place = _ALONE,
    ) -> PlannedRow:
        """Plans a row, its parents and its children. Raises what the making of values raises.

        parents: the rows whose child it is, by the field that gets the id.
        """
        definition, given = definition.switched(given)
        store, model, blueprint = self._blueprint(definition)
        if definition.sharing:
            place = replace(place, sharing={**definition.sharing, **place.sharing})
        number = next_number(model.name)
        recipe = self._recipe(blueprint, given) if given else blueprint.recipe(given)
        if not parents and not recipe.relations:  # most rows of a large batch
            return self._added(
                PlannedRow(definition, store, model, recipe.draft(number), parents, number, given), place
            )
        needed = dict(parents)
        ids: dict[str, object] = {field: self.id_of(parent) for field, parent in parents.items()}
        links = [
            Link(relation, field, store, model, number, place)
            for field, relation in recipe.relations.items()
            if field not in parents
        ]
        for link in links:
            ids[link.field] = self._linked(link, definition.fixed, needed)
        family = Parents(model, blueprint.declared_relations, needed, next(iter(parents), None))
        draft = recipe.draft(number, ids, family)
        planned = PlannedRow(definition, store, model, draft, needed, number, given)
        if links:
            draft.make(re.split(r"[\[.]", link.field)[0] for link in links if isinstance(ids[link.field], OnDemand))
        return self._added(planned, place)

    def _added(self, planned: PlannedRow, place: Place) -> PlannedRow:
        self.rows.append(planned)
        if not self._placeholders and (planned.definition.children or planned.definition.linked):
            self._add_others(planned, replace(place, trail=()))
        return planned

    def _linked(self, link: Link, fixed: Mapping[Declaration, object], needed: dict[str, PlannedRow]) -> object:
        """The id of the relation's row, or what finds it where it depends on the row's values."""

        def find(values: Values | None = None) -> object:
            if values is not None and not is_wanted(link, values):
                return None
            found = fixed[link.relation] if link.relation in fixed else self.target(link)
            if not isinstance(found, PlannedRow):
                return found
            needed[link.field] = found
            return self.id_of(found)

        on_demand = link.relation.when is not None or is_option(link.field)
        return OnDemand(find) if on_demand else find()

    def target(self, link: Link) -> object:
        """The planned row of a relation, or the id of one that is stored, or None."""
        relation = link.relation
        target = relation.definition()
        shared = link.place.sharing.get(target.model_name, ())
        if shared and target.model_name != link.model.name:
            one = shared[draw(link.number, link.model.name, link.field) % len(shared)]
            return self._same_for_all(one, link) if isinstance(one, Definition) else self._stored(one, link)
        if isinstance(relation, Existing) and not self._placeholders:
            ids = self._candidates.get(relation, [])
            if ids:
                return ids[draw(link.number, link.model.name, link.field) % len(ids)]
            if not relation.or_create:
                raise relation.none_stored(link.where)
            return self._same_for_all(relation.made_otherwise(), link)
        return self._same_for_all(target, link) if relation.share else self._parent(target, link)

    def _stored(self, row: BaseRow, link: Link) -> object:
        check_reference(link.store, link.model, link.field, link.relation.definition().resolved()[1])
        return row.as_dict()["id"]

    def _same_for_all(self, target: Definition, link: Link) -> PlannedRow | None:
        """The one row of that factory in this call."""
        if target not in self._once:
            parent = self._parent(target, link)
            if parent is None:
                return None
            self._once[target] = parent
        check_reference(link.store, link.model, link.field, self._once[target].model)
        return self._once[target]

    def _parent(self, target: Definition, link: Link) -> PlannedRow | None:
        relation, trail = link.relation, link.place.trail
        before = sum(other is relation for other, _ in trail)
        if before >= max(1, (relation.depth or 2) - 1) or relation.depth == 1:
            field = link.model.fields.get(link.field)
            if (relation.ends or is_option(link.field)) and (field is None or field.nullable):
                return None
            raise circular(link.where, relation, trail)
        parent = self.add(target, place=replace(link.place, trail=(*trail, (relation, link.where))))
        check_reference(link.store, link.model, link.field, parent.model)
        return parent

    def id_of(self, row: PlannedRow) -> object:
        """The row's id, or `LATER`; of a row that is never stored, a number that no row has."""
        known = row.draft.known_id()
        if known is not LATER or not self._placeholders:
            return known
        if not row.model.id_is_automatic:
            row.draft.values()  # says what must be awaited
        return _PLACEHOLDERS + row.number.n

    def _blueprint(self, definition: Definition) -> tuple[Store, Model, Blueprint]:
        found = self._found.get(definition)
        if found is None:
            found = self._found[definition] = blueprint_of(definition)
        return found

    def _recipe(self, blueprint: Blueprint, given: Mapping[str, object]) -> Recipe:
        """How such rows are made; worked out once for all that are given the very same."""
        key = blueprint, id(given)
        if key not in self._recipes:
            self._recipes[key] = blueprint.recipe(given)
            self._given.append(given)
        return self._recipes[key]

    def _add_others(self, parent: PlannedRow, place: Place) -> None:
        """Plans the row's children, and the rows that it is linked to."""
        for children in parent.definition.children:
            store, model = children.definition.resolved()
            via = link_to(children.definition, model, parent.model, children.via)
            check_reference(store, model, via, parent.model)
            for given in children.given:
                self.add(children.definition, given, {via: parent}, place)
        for linked in parent.definition.linked:
            self._add_linked(parent, linked, place)

    def _add_linked(self, parent: PlannedRow, linked: Linked, place: Place) -> None:
        through = linked.through
        store, model = through.resolved()
        others = linked.others or Definition(model_of(linked.rows[0]), parent.definition.dataflow)
        other_model = others.resolved()[1]
        via = link_to(through, model, parent.model, linked.via, without=linked.to)
        to = link_to(through, model, other_model, linked.to, without=via)
        check_reference(store, model, via, parent.model)
        check_reference(store, model, to, other_model)
        for row in linked.rows:
            self.add(through, {to: row.as_dict()["id"]}, {via: parent}, place)
        for given in linked.given:
            other = self.add(others, given, place=place)
            self.add(through, _NOTHING, {via: parent, to: other}, place)

    async def settle(self) -> None:
        """Awaits async values as far as they can be known before anything is stored."""
        for row in self.rows:
            if row.draft.is_unfinished:
                await row.draft.settle()

    def close(self) -> None:
        """Gives up values that nobody will await."""
        for row in self.rows:
            row.draft.close()

    def batches(self) -> list[list[PlannedRow]]:
        """The rows as they are stored, batch after batch."""
        return batches(self.rows)


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
        known = of_store[definition] = Blueprint(model, definition.all_defaults(), kept)
    return store, model, known
