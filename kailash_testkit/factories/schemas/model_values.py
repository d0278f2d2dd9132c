"""What a factory says of the fields of a schema that its model has, too: without a kit where that can be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.building import Blueprint, Recipe
from kailash_testkit.factories.built import built
from kailash_testkit.factories.declarations import Maker
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.drafts import Draft, NotKnownYetError
from kailash_testkit.factories.hooks import run_hooks_of_built
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.planning import blueprint_of
from kailash_testkit.models import Model


def blueprint_without_kit(definition: Definition) -> tuple[Model, Blueprint]:
    """The model, and what its rows are made from; a kit is asked only where the model's DataFlow is not known."""
    model = definition.known_model()
    if model is None or definition.beneath:  # what the model's fields suggest, by a look at the database
        _, model, blueprint = blueprint_of(definition)
        return model, blueprint
    return model, Blueprint(model, definition.defaults)


def model_values(
    definition: Definition, given: Mapping[str, object], wanted: Collection[str], number: Number, *, placeholders: bool
) -> dict[str, object]:
    """Values of the wanted fields, as far as the factory makes any; with hooks of ``after_build``, all of a row.

    given: by the call. placeholders: leave out ids of parents, which are known only when these are stored, rather
    than raise `MissingField`.
    """
    row: Mapping[str, object] = {}
    if (definition.fixed or definition.placeholders) and not placeholders:
        (row,) = built(definition, [given])  # with the ids of its parents
    rest = [name for name in wanted if name not in row]
    made = _made(definition, given, rest, number, placeholders) if rest else {}
    return {**made, **{name: value for name, value in row.items() if name in wanted}}


def _made(
    definition: Definition, given: Mapping[str, object], wanted: Collection[str], number: Number, placeholders: bool
) -> dict[str, object]:
    model, blueprint = blueprint_without_kit(definition)
    recipe = blueprint.recipe(given)
    names = [name for name in model.settable if name in wanted]
    if definition.hooks_of("after_build"):
        names = list(dict.fromkeys([*recipe.names, *names]))
    view = Draft(_Part(recipe, ()), number)
    known = [name for name in names if _is_known(view, name, required=name in recipe.relations and not placeholders)]
    view.close()
    return run_hooks_of_built(definition, model, Draft(_Part(recipe, known), number))


def _is_known(draft: Draft, name: str, *, required: bool) -> bool:
    try:
        draft.view[name]
    except NotKnownYetError:  # an async function, of which the caller is told
        return True
    except MissingField:
        if required:
            raise
        return False
    return True


class _Part:
    """A recipe for some of a row's fields."""

    def __init__(self, recipe: Recipe, names: Sequence[str]) -> None:
        self.model = recipe.model
        self.names = names
        self.alone: Sequence[tuple[str, Maker]] = ()
        self.is_plain = False
        self.parameters = recipe.parameters
        self.maker = recipe.maker
