"""Makes the values of rows: what was given, then the factory's defaults, then generated ones.

A `Blueprint` is worked out once for a factory, a `Recipe` once for rows that are given the same; it then makes any
number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, Final

from kailash_testkit.errors import MissingField
from kailash_testkit.factories.declarations import Declaration, Maker
from kailash_testkit.factories.definition import own, replacing
from kailash_testkit.factories.drafts import Draft
from kailash_testkit.factories.making import checked_maker, refuse_functions
from kailash_testkit.factories.nesting import every_part, with_nested
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.parents import Parents
from kailash_testkit.factories.relations import Related, every_relation, relations
from kailash_testkit.factories.transients import Transient
from kailash_testkit.factories.values import generator
from kailash_testkit.models import Field, Model
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.equality import are_plain
from kailash_testkit.models.model import MISSING, unknown_field
from kailash_testkit.models.storable import check_given, check_storable, refused_fields

_NONE: Final[Mapping[str, object]] = {}

_MOST_ALIKE: Final = 100  # sets of names that calls give

_NO_SUCH_VALUE: Final = "a declaration asked for it; a row's values are its fields and the factory's parameters"

Kept = Callable[[Mapping[str, object]], Mapping[str, object]]


class Blueprint:
    """What a factory makes rows of a model from, as far as no call changes it: worked out once, and kept.

    declared: the factory's defaults; a relation among them that leads back to itself and is optional is left None.
    kept: what the database's columns keep of values. Nobody asked for the microseconds of a ``datetime.now``
    that is a field's default, so a column without them is no difference.
    Raises what `recipe` raises, for the factory's defaults.
    """

    def __init__(self, model: Model, declared: Mapping[str, object], kept: Kept = dict) -> None:
        self.model = model
        self._declared = declared
        self._defaults = without_circles(model, declared)
        self.declared_relations = relations(declared)
        self.no_parents = Parents(model, self.declared_relations, {})
        """Of a row for which no other row is planned."""
        self._kept = kept
        self._refused = refused_fields(model)
        check_storable(model, self._refused)
        _check_names(model, self._defaults)
        self._by_default = [
            name for name, field in model.settable.items() if name in self._defaults or _must_be_made(model, field)
        ]
        self.parts = every_part(self._defaults)
        """The declarations of the defaults by place, those in dicts and lists included."""
        self._makers: dict[str, Maker] = {}
        self._base: Recipe | None = None
        self._alike: dict[tuple[str, ...], Recipe] = {}

    def recipe(self, given: Mapping[str, object]) -> Recipe:
        """How rows are made for which a call gives these values and declarations.

        Raises `UnknownField`, `FieldTypeError` or `ManagedField` for what cannot be given, `UnstorableField` for what
        cannot be stored, `MissingField` where no value can be made.
        """
        if given:
            replaced = replacing(self._declared, given)
            return self._plain_recipe(replaced) if are_plain(replaced.values()) else self._recipe(replaced)
        if self._base is None:
            self._base = self._recipe(given)
        return self._base

    def _plain_recipe(self, given: Mapping[str, object]) -> Recipe:
        """As `_recipe`, of values which are no declarations: only they differ where the names do not."""
        names = tuple(given)
        known = self._alike.get(names)
        if known is None:
            recipe = self._recipe(given)
            if len(self._alike) < _MOST_ALIKE:
                self._alike[names] = recipe
            return recipe
        check_given(self.model, given, self._refused)
        return known.with_values(checked_values(self.model, given))

    def _recipe(self, given: Mapping[str, object]) -> Recipe:
        check_given(self.model, given, self._refused)
        _check_names(self.model, given)
        names = self._by_default
        if not given.keys() <= set(names):
            names = [name for name in self.model.settable if name in given or name in names]
        return Recipe(self, without_circles(self.model, given), names)

    def relations_of(self, given: Mapping[str, object]) -> dict[str, Related]:
        """The relations that a row is made for, by place, where a call gives these values."""
        return every_relation({**self._defaults, **given})

    def parameters_of(self, given: Mapping[str, object]) -> Sequence[str]:
        """The names of the transient parameters."""
        return [name for name, value in {**self._defaults, **given}.items() if isinstance(value, Transient)]

    def maker(self, name: str) -> Maker:
        """What makes the values of a field, of a transient parameter, or of a part, that no call gives."""
        known = self._makers.get(name)
        if known is None:
            if name in self._defaults:
                check_given(self.model, {name: self._defaults[name]}, self._refused)
                known = self.declared(name, self._defaults[name])
            elif name in self.parts:
                known = self.part(name, self.parts[name])
            else:
                known = self._generated(name)
            self._makers[name] = known
        return known

    def declared(self, name: str, value: object) -> Maker:
        """What makes the values of a field for which that value, or declaration, is given."""
        value = with_nested(value)
        if isinstance(value, Transient):
            return checked_maker(value, self.model, name, _unchecked)
        if isinstance(value, Declaration):
            return checked_maker(value, self.model, name, lambda made: self._checked(name, made))
        return _constant(self._checked(name, value))

    def part(self, place: str, declaration: Declaration) -> Maker:
        """What makes the values of a part of a field."""

        def check(made: object) -> object:
            refuse_functions(self.model, place, made)
            return made

        return checked_maker(declaration, self.model, place, check)

    def _checked(self, name: str, value: object) -> object:
        refuse_functions(self.model, name, value)
        return checked_values(self.model, {name: value})[name]

    def _generated(self, name: str) -> Maker:
        model = self.model
        field = model.writable.get(name)
        if name in model.columns and (field is None or not _known_before(model, field)):
            raise MissingField(
                f"{model.name}.{name} is not known while the row's values are made",
                why="it is set when the row is stored",
                do=f"give {name} a value of its own, or leave it out of what is derived"
                if field is not None
                else f"leave {name} out of what is derived",
            )
        if field is None:
            known = [*model.settable, *(other for other in self._defaults if other not in model.settable)]
            raise unknown_field(model, name, dict.fromkeys(known), _NO_SUCH_VALUE)
        if field.required or field.default is MISSING:
            make = generator(model, field)
            return lambda number, values: make(number)
        default: Any = field.default
        if callable(default):
            kept = self._kept
            return lambda number, values: kept(checked_values(model, {name: default()}))[name]
        return _constant(default)


class Recipe:
    """How to make rows for which ``given`` holds values and declarations; see `Blueprint.recipe`.

    names: the fields that get a value, in the model's order.
    """

    def __init__(self, blueprint: Blueprint, given: Mapping[str, object], names: Sequence[str]) -> None:
        self.model = blueprint.model
        self.names = names
        self._blueprint = blueprint
        parts = every_part(given)
        self._given = {name: blueprint.part(name, part) for name, part in parts.items() if name not in given}
        self._given |= {name: blueprint.declared(name, value) for name, value in given.items()}
        self.relations = blueprint.relations_of(given)
        self.parameters = blueprint.parameters_of(given)
        makers = [(name, self.maker(name)) for name in names]
        self.alone: Sequence[tuple[str, Maker]] = [
            (name, maker) for name, maker in makers if name not in (parts if name in given else blueprint.parts)
        ]
        """The fields whose values depend on no other value of their row, with their makers."""
        self.is_plain = len(self.alone) == len(names)
        """Whether these are all fields."""

    def with_values(self, values: Mapping[str, object]) -> Recipe:
        """For other values, checked and plain, of the same names."""
        other = copy(self)
        other._given = {name: _constant(value) for name, value in values.items()}
        other.alone = [(name, other._given.get(name, maker)) for name, maker in self.alone]
        return other

    def draft(self, number: Number, ids: Mapping[str, object] = _NONE, parents: Parents | None = None) -> Draft:
        """The row with that number, made as far as the ids of its parents are known (not `LATER`)."""
        return Draft(self, number, ids, (parents or self._blueprint.no_parents).find)

    def maker(self, name: str) -> Maker:
        """What makes the values of a field, or of a transient parameter."""
        return self._given.get(name) or self._blueprint.maker(name)


def without_circles(model: Model, values: Mapping[str, object]) -> Mapping[str, object]:
    """The values, with None for an optional relation that leads back to itself: that ends the circle."""
    left_none = [name for name, relation in relations(values).items() if _is_left_none(model, name, relation)]
    return {**values, **dict.fromkeys(left_none)} if left_none else values


def _unchecked(value: object) -> object:
    return value


def _is_left_none(model: Model, name: str, relation: Related) -> bool:
    if relation.ends or name not in model.fields:
        return False
    return model.fields[name].nullable and relation.leads_back()


def _check_names(model: Model, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if name not in model.settable and not isinstance(value, Transient):
            checked_values(model, {name: value})  # raises, and says why


def _constant(value: object) -> Maker:
    if own(value) is value:
        return lambda number, values: value
    return lambda number, values: own(value)


def _must_be_made(model: Model, field: Field) -> bool:
    if not _known_before(model, field):
        return False
    if field.name == "id":
        return True
    # A callable default breaks CreateNode, so the kit calls it.
    return field.required or callable(field.default)


def _known_before(model: Model, field: Field) -> bool:
    """Whether the field's value is known before the row is stored, and not set by DataFlow or the database."""
    if field.name == "id":
        return not model.id_is_automatic
    return not (model.tenant and field.name == "tenant_id")
