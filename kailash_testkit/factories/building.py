"""Makes the values of rows: what was given, then the factory's defaults, then generated ones.

A `Blueprint` is worked out once for a factory, a `Recipe` once for rows that are given the same; it then makes any
number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kailash_testkit.errors import CircularValues, MissingField
from kailash_testkit.factories.declarations import Declaration, Maker, Transient, Values
from kailash_testkit.factories.definition import own, replacing
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.relations import Related, relations
from kailash_testkit.factories.values import generator
from kailash_testkit.models import Field, Model
from kailash_testkit.models.checking import checked_values
from kailash_testkit.models.model import MISSING, unknown_field
from kailash_testkit.models.storable import check_given, check_storable, refused_fields

LATER: Final = object()
"""Stands for the id of a parent that is numbered by the database when it is stored."""

_NONE: Final[Mapping[str, object]] = {}


class _NotKnownYetError(Exception):
    """A value was asked for that depends on the id of a parent which is not stored yet."""


Kept = Callable[[Mapping[str, object]], Mapping[str, object]]


class Blueprint:
    """What a factory makes rows of a model from, as far as no call changes it: worked out once, and kept.

    declared: the factory's defaults. relations: those of them that a row is made for; one that leads back to itself
    and is optional is left None, which ends the circle.
    kept: what the database's columns keep of values. Nobody asked for the microseconds of a ``datetime.now``
    that is a field's default, so a column without them is no difference.
    Raises what `recipe` raises, for the factory's defaults.
    """

    def __init__(self, model: Model, declared: Mapping[str, object], kept: Kept = dict) -> None:
        self.model = model
        self.relations = {
            name: relation for name, relation in relations(declared).items() if not _is_left_none(model, name, relation)
        }
        self._declared = declared
        left_none = relations(declared).keys() - self.relations.keys()
        self._defaults = {**declared, **dict.fromkeys(left_none)}
        self._kept = kept
        self._refused = refused_fields(model)
        check_storable(model, self._refused)
        _check_names(model, self._defaults)
        self._by_default = [
            name for name, field in model.writable.items() if name in self._defaults or _must_be_made(model, field)
        ]
        self.declared_names = {name for name, value in self._defaults.items() if isinstance(value, Declaration)}
        """The fields whose defaults are made by a declaration, which may ask for other values of its row."""
        self._makers: dict[str, Maker] = {}
        self._base: Recipe | None = None

    def recipe(self, given: Mapping[str, object]) -> Recipe:
        """How rows are made for which a call gives these values and declarations.

        Raises `UnknownField`, `FieldTypeError` or `ManagedField` for what cannot be given, `UnstorableField` for what
        cannot be stored, `MissingField` where no value can be made.
        """
        if given:
            return self._recipe(replacing(self._declared, given))
        if self._base is None:
            self._base = self._recipe(given)
        return self._base

    def _recipe(self, given: Mapping[str, object]) -> Recipe:
        check_given(self.model, given, self._refused)
        _check_names(self.model, given)
        names = self._by_default
        if not given.keys() <= set(names):
            names = [name for name in self.model.writable if name in given or name in names]
        return Recipe(self, given, names)

    def maker(self, name: str) -> Maker:
        """What makes the values of a field, or of a transient parameter, that no call gives."""
        known = self._makers.get(name)
        if known is None:
            if name in self._defaults:
                check_given(self.model, {name: self._defaults[name]}, self._refused)
                known = self.declared(name, self._defaults[name])
            else:
                known = self._generated(name)
            self._makers[name] = known
        return known

    def declared(self, name: str, value: object) -> Maker:
        """What makes the values of a field for which that value, or declaration, is given."""
        if isinstance(value, Transient):
            return value.bound(self.model, name)
        if isinstance(value, Declaration):
            bound, model = value.bound(self.model, name), self.model
            return lambda number, values: checked_values(model, {name: bound(number, values)})[name]
        return _constant(checked_values(self.model, {name: value})[name])

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
            raise unknown_field(model, name, model.writable)
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
        self._given = {name: blueprint.declared(name, value) for name, value in given.items()}
        makers = [(name, self.maker(name)) for name in names]
        declared = blueprint.declared_names
        self.alone = [
            (name, maker)
            for name, maker in makers
            if not (isinstance(given[name], Declaration) if name in given else name in declared)
        ]
        """The fields whose values depend on no other value of their row, with their makers."""

    def row(self, number: Number) -> dict[str, object]:
        """The values of the row with that number."""
        return self.draft(number).values()

    def draft(self, number: Number, parents: Mapping[str, object] = _NONE) -> Draft:
        """The row with that number, made as far as the ids of its parents are known (not `LATER`)."""
        return Draft(self, number, dict(parents))

    def maker(self, name: str) -> Maker:
        """What makes the values of a field, or of a transient parameter."""
        return self._given.get(name) or self._blueprint.maker(name)


def _is_left_none(model: Model, name: str, relation: Related) -> bool:
    return name in model.fields and model.fields[name].nullable and relation.leads_back()


def _check_names(model: Model, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        if name not in model.writable and not isinstance(value, Transient):
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


class Draft:
    """A row in the making: made as far as the ids of its parents are known, then completed."""

    def __init__(self, recipe: Recipe, number: Number, parents: dict[str, object]) -> None:
        self._parents = parents
        self._made: dict[str, object] = {}
        self.view: Values = _View(recipe, number, parents, self._made)
        self._names = (
            [*recipe.names, *(field for field in parents if field not in recipe.names)] if parents else recipe.names
        )
        for name, maker in recipe.alone:
            if name not in parents:
                self._made[name] = maker(number, self.view)
        self._late: list[str] = []
        for name in self._names:
            if name not in self._made:
                self._make(name)

    def _make(self, name: str) -> None:
        try:
            self.view[name]
        except _NotKnownYetError:
            self._late.append(name)

    def known_id(self) -> object:
        """The row's id, or `LATER` when it is not known before the row is stored."""
        return self._made.get("id", LATER)

    def values(self, parents: Mapping[str, object] = _NONE) -> dict[str, object]:
        """All values, now that the parents have these ids."""
        self._parents.update(parents)
        for name in self._late:
            self.view[name]
        return {name: self._made[name] for name in self._names}


class _View:
    """A row's values as declarations see them; each is made when it is first asked for, so that they may use others.

    It has no public name of its own, so that a field of any name can be asked for as an attribute.
    """

    __slots__ = ("_made", "_making", "_number", "_parents", "_recipe")

    def __init__(self, recipe: Recipe, number: Number, parents: Mapping[str, object], made: dict[str, object]) -> None:
        self._recipe = recipe
        self._number = number
        self._parents = parents
        self._made = made
        self._making: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        made = self._made
        if name in made:
            return made[name]
        if name in self._parents:
            value = made[name] = self._parent(name)
            return value
        if name in self._making:
            path = " -> ".join([*self._making[self._making.index(name) :], name])
            raise CircularValues(
                f"derived values of {self._recipe.model.name} need each other: {path}",
                do="give one of them a value of its own",
            )
        self._making.append(name)
        try:
            value = made[name] = self._recipe.maker(name)(self._number, self)
        finally:
            self._making.pop()
        return value

    def _parent(self, name: str) -> object:
        value = self._parents[name]
        if value is LATER:
            raise _NotKnownYetError(name)
        return checked_values(self._recipe.model, {name: value})[name]
