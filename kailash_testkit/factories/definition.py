"""`Definition`: what a factory is made of. Immutable; every change gives a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

from kailash_testkit import open_kits
from kailash_testkit.errors import UnknownModel, UnknownTrait
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.internals.dataflow import owner_of
from kailash_testkit.models import Model, read_model
from kailash_testkit.models.rows import Row, retyped
from kailash_testkit.models.storable import check_storable
from kailash_testkit.store.store import Store
from kailash_testkit.text import closest_match, comma_join

Hook = Callable[..., object]
"""Called with each stored row, and with the row's values if it takes a second argument."""


@dataclass(frozen=True, eq=False)
class Children:
    """Rows to make for each row: ``given`` has one mapping of values for each of them."""

    definition: Definition
    given: tuple[Mapping[str, object], ...] = field(repr=False)
    via: str | None


@dataclass(frozen=True, eq=False)
class Definition:
    """A model, the DataFlow it belongs to (None: looked up at each call), and all that modifiers have added."""

    model: type | str
    dataflow: Any = None
    defaults: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    traits: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]], repr=False)
    hooks: tuple[Hook, ...] = ()
    children: tuple[Children, ...] = ()
    row_class: type[Row] = Row

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
        dataflow = self.dataflow
        if dataflow is None and not isinstance(self.model, str):
            dataflow = owner_of(self.model)
        if dataflow is not None and self.model_name in dataflow.get_models():
            check_storable(read_model(dataflow, self.model))

    def typed(self, row: Row) -> Row:
        """The row as an instance of the factory's own class of rows."""
        return row if self.row_class is Row else retyped(row, self.row_class, self.model_name)

    def using(self, values: Mapping[str, object]) -> Self:
        """With these defaults on top."""
        return replace(self, defaults={**self.defaults, **replacing(self.defaults, values)})

    def with_trait(self, name: str, values: Mapping[str, object]) -> Self:
        """With a trait of that name to be asked for."""
        return replace(self, traits={**self.traits, name: own(dict(values))})

    def with_traits(self, names: Iterable[str]) -> Self:
        """With the values of these traits on top, the last one's topmost. Raises `UnknownTrait`."""
        result = self
        for name in names:
            if name not in self.traits:
                raise self._unknown_trait(name)
            result = result.using(self.traits[name])
        return result

    def _unknown_trait(self, name: str) -> UnknownTrait:
        guess = closest_match(name, self.traits)
        return UnknownTrait(
            f"the factory for {self.model_name} has no trait {name!r}"
            + (f": did you mean {guess!r}?" if guess else ""),
            why=f"its traits are: {comma_join(self.traits)}",
            do=f"declare it with factory.trait({name!r}, ...) and use what that returns",
        )

    def with_hook(self, hook: Hook) -> Self:
        """With a hook to be called after those that are there."""
        return replace(self, hooks=(*self.hooks, hook))

    def with_children(self, children: Children) -> Self:
        """With further rows to be made for each row."""
        return replace(self, children=(*self.children, children))


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
