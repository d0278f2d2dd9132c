"""Values of rows that are not stored: `Factory.build`, `Factory.payload`; and parents that are stored before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kailash_testkit.factories.building import without_circles
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.drafts import OnDemand
from kailash_testkit.factories.existing import candidates
from kailash_testkit.factories.hooks import run_hooks_of_built
from kailash_testkit.factories.links import Link, Place, is_wanted
from kailash_testkit.factories.numbering import current, next_number
from kailash_testkit.factories.parents import Parents
from kailash_testkit.factories.persisting import persist
from kailash_testkit.factories.planning import Plan, PlannedRow, blueprint_of
from kailash_testkit.factories.relations import every_relation
from kailash_testkit.models import Model


def built(definition: Definition, given: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """The values of rows that are not to be stored, one for each mapping of given values."""
    rows: list[dict[str, object]] = []
    for each in given:
        switched, rest = definition.switched(each)
        store, model, blueprint = blueprint_of(switched)
        if switched.placeholders:
            rows.append(_built_with_placeholders(switched, model, rest))
            continue
        recipe, number = blueprint.recipe(rest), next_number(model.name)
        family = Parents(model, blueprint.declared_relations, {})
        links = [Link(one, field, store, model, number, Place()) for field, one in recipe.relations.items()]
        fixed = {link.field: _fixed(link, switched) for link in links if link.relation in switched.fixed}
        rows.append(run_hooks_of_built(switched, model, recipe.draft(number, fixed, family)))
    return rows


def _fixed(link: Link, definition: Definition) -> object:
    row_id = definition.fixed[link.relation]
    return OnDemand(lambda values: row_id if is_wanted(link, values) else None)


def _built_with_placeholders(definition: Definition, model: Model, given: Mapping[str, object]) -> dict[str, object]:
    plan = Plan(placeholders=True)
    try:
        return run_hooks_of_built(definition, model, plan.add(definition, given).draft)
    finally:
        plan.close()


async def with_stored_parents(definition: Definition) -> Definition:
    """The definition with a stored row for each of its relations, whose ids all rows that it makes or builds get."""
    store, model = definition.resolved()
    known = await candidates(definition, {})
    plan = Plan(known)
    place = Place(sharing=definition.sharing)
    number = current().at(1)
    try:
        declared = without_circles(model, definition.all_defaults())
        links = [Link(each, field, store, model, number, place) for field, each in every_relation(declared).items()]
        found = {link.relation: plan.target(link) for link in links if link.relation not in definition.fixed}
        await plan.settle()
        await persist(plan, [])
        fixed: dict[Declaration, object] = {
            each: one.stored["id"] if isinstance(one, PlannedRow) and one.stored is not None else one
            for each, one in found.items()
        }
        return replace(definition, fixed={**definition.fixed, **fixed})
    finally:
        plan.close()
