"""`Definition`: what a factory is made of. Immutable; every change gives a new one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal, Self, cast
from weakref import WeakKeyDictionary

from kailash_testkit import open_kits
from kailash_testkit.errors import CircularValues, FieldTypeError, UnknownModel, UnknownTrait
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.internals.dataflow import owner_of
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.rows import BaseRow, Row, retyped
from kailash_testkit.models.storable import check_storable
from kailash_testkit.store.store import Store
from kailash_testkit.text import closest_match, comma_join, truncate_repr

_switching: Final = ContextVar[tuple[str, ...]]("_switching", default=())
"""The traits that are being switched on, each by the one before it."""

Hook = Callable[..., object]
"""Called with each row, and with its values in the making if it takes a second argument."""

When = Literal["after_build", "before_create", "after_create"]


@dataclass(frozen=True)
class Trait:
    """What a trait adds: values on top of what ``change`` makes of the factory (children, hooks, other traits)."""

    values: Mapping[str, object]
    change: Callable[[Definition], Definition] | None = None


@dataclass(frozen=True, eq=False)
class Children:
    """Rows to make for each row: ``given`` has one mapping of values for each of them."""

    definition: Definition
    given: tuple[Mapping[str, object], ...] = field(repr=False)
    via: str | None


@dataclass(frozen=True, eq=False)
class Linked:
    """Rows that each row is linked to through rows of another factory: made, one mapping of values each, or stored."""

    through: Definition
    others: Definition | None
    given: tuple[Mapping[str, object], ...] = field(repr=False)
    rows: tuple[BaseRow, ...]
    via: str | None
    to: str | None


Beneath = Callable[[Store, Model, Collection[str]], Mapping[str, object]]
"""Makes declarations for fields of the model that a factory declares nothing for: all but those named."""


@dataclass(frozen=True, eq=False)
class Definition:
    """A model, the DataFlow it belongs to (None: looked up at each call), and all that modifiers have added.

    sharing: what all relations to a model take, by its name. fixed: ids of relations whose rows are stored.
    placeholders: built rows get ids of parents that are not stored. beneath: what makes further defaults.
    """

    model: type | str
    dataflow: Any = None
    defaults: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    traits: Mapping[str, Trait] = field(default_factory=dict[str, Trait], repr=False)
    hooks: tuple[tuple[When, Hook], ...] = ()
    children: tuple[Children, ...] = ()
    linked: tuple[Linked, ...] = ()
    sharing: Mapping[str, tuple[BaseRow | Definition, ...]] = field(
        default_factory=dict[str, "tuple[BaseRow | Definition, ...]"]
    )
    fixed: Mapping[Declaration, object] = field(default_factory=dict[Declaration, object], repr=False)
    placeholders: bool = False
    beneath: tuple[Beneath, ...] = ()
    age: timedelta | None = None
    row_class: type[Row] = Row
    _switched: dict[tuple[str, ...], Definition] = field(
        default_factory=dict["tuple[str, ...]", "Definition"], init=False, repr=False
    )
    _completed: WeakKeyDictionary[Store, dict[str, object]] = field(
        default_factory=WeakKeyDictionary[Store, dict[str, object]], init=False, repr=False
    )

    @property
    def model_name(self) -> str:
        return self.model if isinstance(self.model, str) else self.model.__name__

    def resolved(self) -> tuple[Store, Model]:
        """The rows to work on now, and the model as its DataFlow knows it."""
        store = open_kits.kit_for(self.model, self.dataflow).store
        return store, store.model(self.model)

    def check(self) -> None:
        """Raises `UnknownModel` for what is no model, `UnstorableField` where its DataFlow is known without a kit."""
        given = cast("object", self.model)  # a test may give anything
        if not isinstance(given, (str, type)):
            raise UnknownModel(
                f"a factory was given an instance of {type(given).__name__} where a model belongs",
                why="a factory makes the rows of one model: its class, or the name of that",
                do="write Factory(Order), with the class that @db.model decorates; a DataFlow is given as dataflow=db",
            )
        dataflow = self.known_dataflow()
        if dataflow is not None:
            check_storable(read_model(dataflow, self.model))

    def typed(self, row: Row) -> Row:
        """The row as an instance of the factory's own class of rows."""
        return row if self.row_class is Row else retyped(row, self.row_class, self.model_name)

    def using(self, values: Mapping[str, object]) -> Self:
        """With these defaults on top; the name of a trait that no field has switches that on, below them."""
        base, rest = self.switched(values)
        return replace(base, defaults={**base.defaults, **replacing(base.defaults, rest)})

    def with_trait(self, name: str, trait: Trait) -> Self:
        """With a trait of that name to be asked for."""
        return replace(self, traits={**self.traits, name: replace(trait, values=own(dict(trait.values)))})

    def with_traits(self, names: Iterable[str]) -> Self:
        """With these traits on top, the last one's topmost. Raises `UnknownTrait`, or `CircularValues`."""
        result = self
        for name in names:
            if name not in self.traits:
                raise self._unknown_trait(name)
            result = result._with_trait_on(name)
        return result

    def _with_trait_on(self, name: str) -> Self:
        path = (*_switching.get(), name)
        if name in path[:-1]:
            raise CircularValues(
                f"traits of {self.model_name} switch each other on: {' -> '.join(path)}",
                do="let one of them hold its own values",
            )
        trait, token = self.traits[name], _switching.set(path)
        try:
            changed = self if trait.change is None else cast("Self", trait.change(self))
            return changed.using(trait.values)
        finally:
            _switching.reset(token)

    def switched(self, values: Mapping[str, object]) -> tuple[Self, Mapping[str, object]]:
        """The definition with the traits that these values switch on by their names, and the other values.

        A field, or a transient parameter, of that name comes first. Raises `FieldTypeError` for what is no bool.
        """
        if not self.traits or not values:
            return self, values
        names = tuple(name for name in values if name in self.traits and not self.has_field(name))
        if not names:
            return self, values
        for name in names:
            if not isinstance(values[name], bool):
                raise FieldTypeError(
                    f"{self.model_name} has no field {name!r}, and its trait {name!r} is switched on by True, "
                    f"not by {truncate_repr(values[name])}",
                    do=f"write {name}=True",
                )
        on = tuple(name for name in names if values[name])
        known = self._switched.get(on)
        if known is None:
            known = self.with_traits(on)
            if not _switching.get():
                self._switched[on] = known
        return cast("Self", known), {name: value for name, value in values.items() if name not in names}

    def has_field(self, name: str) -> bool:
        """Whether the model, or the factory as a parameter, has a field of that name."""
        if name in self.defaults:
            return True
        model = self.known_model() or self.resolved()[1]
        return name in model.columns

    def known_model(self) -> Model | None:
        """The model where its DataFlow is known without a kit."""
        dataflow = self.known_dataflow()
        return None if dataflow is None else read_model(dataflow, self.model)

    def known_dataflow(self) -> Any:
        """The model's DataFlow where it is known without a kit."""
        dataflow = self.dataflow
        if dataflow is None and not isinstance(self.model, str):
            dataflow = owner_of(self.model)
        return dataflow if dataflow is not None and self.model_name in dataflow.get_models() else None

    def _unknown_trait(self, name: str) -> UnknownTrait:
        guess = closest_match(name, self.traits)
        return UnknownTrait(
            f"the factory for {self.model_name} has no trait {name!r}"
            + (f": did you mean {guess!r}?" if guess else ""),
            why=f"its traits are: {comma_join(self.traits)}",
            do=f"declare it with factory.trait({name!r}, ...) and use what that returns",
        )

    def with_hook(self, when: When, hook: Hook) -> Self:
        """With a hook to be called after those that are there."""
        return replace(self, hooks=(*self.hooks, (when, hook)))

    def aged(self, age: timedelta) -> Self:
        """With rows of that age."""
        return replace(self, age=age)

    def hooks_of(self, when: When) -> list[Hook]:
        """The hooks to be called then, in order."""
        return [hook for each, hook in self.hooks if each == when]

    def with_children(self, children: Children) -> Self:
        """With further rows to be made for each row."""
        return replace(self, children=(*self.children, children))

    def with_linked(self, linked: Linked) -> Self:
        """With further rows that each row is linked to."""
        return replace(self, linked=(*self.linked, linked))

    def all_defaults(self) -> Mapping[str, object]:
        """The defaults, with those that the model's fields suggest beneath them."""
        if not self.beneath:
            return self.defaults
        store, model = self.resolved()
        known = self._completed.get(store)
        if known is None:
            rows = {name for name, value in self.defaults.items() if isinstance(value, BaseRow)}
            known = {name: value for name, value in self.defaults.items() if name not in rows}
            for make in self.beneath:
                known = {**make(store, model, known), **known}
            known |= replacing(known, {name: self.defaults[name] for name in rows})
            self._completed[store] = known
        return known


def replacing(defaults: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """``values`` as they stand in the place of ``defaults``: a declaration may give a value another meaning."""
    result: dict[str, object] = {}
    for name, value in values.items():
        declared = defaults.get(name)
        result[name] = own(declared.replaced_by(value) if isinstance(declared, Declaration) else value)
    return result


def own(value: object) -> Any:
    """``value`` with its dicts, lists and sets copied, so that nobody else can change it."""
    if type(value) is dict:
        return {key: own(entry) for key, entry in cast("dict[object, object]", value).items()}
    if type(value) is list:
        return [own(item) for item in cast("list[object]", value)]
    return set(cast("set[object]", value)) if type(value) is set else value
