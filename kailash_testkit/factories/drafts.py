"""Rows in the making: `Draft` makes what can be known of a row before it is stored, then the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from kailash_testkit.errors import CircularValues, DeclarationError
from kailash_testkit.factories.declarations import AwaitedError, Maker, Values
from kailash_testkit.factories.numbering import Number
from kailash_testkit.models import Model
from kailash_testkit.models.checking import checked_values

LATER: Final = object()
"""Stands for the id of a parent that is numbered by the database when it is stored."""

_NONE: Final[Mapping[str, object]] = {}

FindParent = Callable[[str | None, Values], Any]
"""Gives the row that a row belongs to, by the field that holds its id (None: the only one)."""


IdOnDemand = Callable[[Values], object]
"""Gives the id of a parent, or `LATER`, when a row first asks for it: whether there is one depends on the row."""


class OnDemand:
    """Stands for the id of a parent until the row asks for it."""

    def __init__(self, find: IdOnDemand) -> None:
        self.find = find


class NotKnownYetError(BaseException):
    """A value was asked for that depends on a row which is not stored yet, or on an awaited value.

    No Exception, so that a function that catches these does not go on with a value that is wrong.
    """


class RecipeOf(Protocol):
    """What a draft needs of a `Recipe`."""

    model: Model
    names: Sequence[str]
    alone: Sequence[tuple[str, Maker]]
    is_plain: bool
    parameters: Sequence[str]

    def maker(self, name: str, /) -> Maker: ...


class Draft:
    """A row in the making: made as far as the ids of its parents are known, then completed."""

    __slots__ = ("_ids", "_late", "_made", "_model", "_names", "_parameters", "_waiting", "view")

    def __init__(
        self, recipe: RecipeOf, number: Number, ids: Mapping[str, object] = _NONE, parent: FindParent | None = None
    ) -> None:
        self._ids = dict(ids)
        self._made: dict[str, object] = {}
        self._waiting: dict[str, AwaitedError] = {}
        self._model = recipe.model
        self._parameters = recipe.parameters
        self.view: Values = _View(recipe, number, self._ids, self._made, self._waiting, parent)
        fields = recipe.model.writable
        self._names = (
            [*recipe.names, *(name for name in ids if name in fields and name not in recipe.names)]
            if ids
            else recipe.names
        )
        self._late: list[str] = []
        try:
            for name, maker in recipe.alone:
                if name not in ids:
                    self._made[name] = maker(number, self.view)
            if ids or not recipe.is_plain:
                self._make(self._names)
        except BaseException:
            self.close()
            raise

    def _make(self, names: Sequence[str]) -> None:
        self._late = []
        for name in names:
            if name not in self._made:
                try:
                    self.view[name]
                except NotKnownYetError:
                    self._late.append(name)

    def make(self, names: Iterable[str]) -> None:
        """Makes these values now, as far as they can be known."""
        for name in names:
            with contextlib.suppress(NotKnownYetError):
                self.view[name]

    def known_id(self) -> object:
        """The row's id, or `LATER` when it is not known before the row is stored."""
        return self._made.get("id", LATER)

    def known(self) -> dict[str, object] | None:
        """All values, where none of them is to be awaited, or to be made when parents are stored."""
        return None if self.is_unfinished else self._values()

    @property
    def is_unfinished(self) -> bool:
        """Whether values are still to be awaited, or wait for the ids of parents."""
        return bool(self._late or self._waiting)

    def _values(self) -> dict[str, object]:
        made = self._made
        return {name: made[name] for name in self._names}

    async def settle(self) -> None:
        """Awaits the async values that can be known by now, and makes what depends on them."""
        before: object = None
        while True:
            self._make(self._late)
            for name in list(self._waiting):
                await self._await(name)
            state = len(self._made), tuple(self._waiting)
            if not self._late or state == before:
                return
            before = state

    async def _await(self, name: str) -> None:
        with contextlib.suppress(NotKnownYetError):  # of another value: it is called again when that is there
            self._made[name] = await self._waiting.pop(name).value()

    async def settle_parameters(self) -> None:
        """Makes the transient parameters that no value has asked for."""
        self._late = [name for name in self._parameters if name not in self._made]
        await self.settle()

    async def complete(self, ids: Mapping[str, object] = _NONE) -> dict[str, object]:
        """All values, now that the parents have these ids."""
        self._ids.update(ids)
        if self._late:
            await self.settle()
        if self._late:
            raise CircularValues(
                f"values of {self._model.name} wait for each other: {', '.join(self._late)}",
                do="give one of them a value of its own",
            )
        return self._values()

    def values(self) -> dict[str, object]:
        """All values of a row that is not stored. Raises `DeclarationError` for those that must be awaited."""
        if self._waiting:
            place = next(iter(self._waiting))
            self.close()
            raise DeclarationError(
                f"{self._model.name}.{place} is made by an async function",
                why="build() and payload() are not async, so they cannot await it",
                do="use create(), or give the field a value",
            )
        return self._values()

    def close(self) -> None:
        """Gives up what is still to be awaited."""
        for awaited in self._waiting.values():
            awaited.close()
        self._waiting.clear()


class _View:
    """A row's values as declarations see them; each is made when it is first asked for, so that they may use others.

    It has no public name of its own, so that a field of any name can be asked for as an attribute.
    """

    __slots__ = ("_find_parent", "_ids", "_made", "_making", "_number", "_recipe", "_waiting")

    def __init__(
        self,
        recipe: RecipeOf,
        number: Number,
        ids: dict[str, object],
        made: dict[str, object],
        waiting: dict[str, AwaitedError],
        find_parent: FindParent | None,
    ) -> None:
        self._recipe = recipe
        self._number = number
        self._ids = ids
        self._made = made
        self._waiting = waiting
        self._find_parent = find_parent
        self._making: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        made = self._made
        if name in made:
            return made[name]
        if name in self._ids:
            value = made[name] = self._id_of_parent(name)
            return value
        if name in self._waiting:
            raise NotKnownYetError(name)
        self._begin(name)
        try:
            value = made[name] = self._recipe.maker(name)(self._number, self)
        except AwaitedError as awaited:
            self._waiting[name] = awaited
            raise NotKnownYetError(name) from None
        finally:
            self._making.pop()
        return value

    def _begin(self, name: str) -> None:
        if name in self._making:
            path = " -> ".join([*self._making[self._making.index(name) :], name])
            raise CircularValues(
                f"derived values of {self._recipe.model.name} need each other: {path}",
                do="give one of them a value of its own",
            )
        self._making.append(name)

    def __parent__(self, field: str | None, /) -> Any:
        if self._find_parent is None:
            raise DeclarationError(f"a row of {self._recipe.model.name} has no parent here", do="use create()")
        return self._find_parent(field, self)

    def _id_of_parent(self, name: str) -> object:
        value = self._ids[name]
        if isinstance(value, OnDemand):
            self._begin(name)
            try:
                value = self._ids[name] = value.find(self)
            finally:
                self._making.pop()
        if value is LATER:
            raise NotKnownYetError(name)
        model = self._recipe.model
        return checked_values(model, {name: value})[name] if name in model.writable else value
