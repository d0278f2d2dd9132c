"""`FactoryBase`: what factories are whatever the fields of their model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError
from kailash_testkit.factories.ages import checked_age
from kailash_testkit.factories.declarations import Declaration
from kailash_testkit.factories.definition import Children, Definition, Linked, Trait, own
from kailash_testkit.factories.fakes import Library
from kailash_testkit.factories.fakes_by_name import FakesByName
from kailash_testkit.factories.numbering import OF_A_DEPTH, current
from kailash_testkit.models.rows import BaseRow, model_of
from kailash_testkit.redaction import Masked, fields, is_secret
from kailash_testkit.text import truncate_repr


class FactoryBase:
    """Base of `Factory` and of the generated factories. It declares nothing that takes a model's fields.

    A subclass whose methods take known fields only could not narrow methods that take any.
    """

    _definition: Definition

    def __init__(self, model: type | str, /, *, dataflow: Any | None = None, **defaults: object) -> None:
        self._definition = Definition(model, dataflow).using(defaults)
        self._definition.check()

    @classmethod
    def of(cls, definition: Definition, /) -> Self:
        """A factory of that definition; whether the model's rows can be stored is not checked."""
        factory = object.__new__(cls)
        factory._definition = definition
        return factory

    def __repr__(self) -> str:
        shown = fields(self._definition.defaults, self._definition.model_name)
        defaults = "".join(f", {name}={_shown(name, value)}" for name, value in shown.items())
        return f"{type(self).__name__}({self._definition.model_name}{defaults})"

    def with_traits(self, *names: str) -> Self:
        """A factory with the values of these traits on top; of several, the last one's win.

        Raises `UnknownTrait` with the nearest name.
        """
        return self._with(self._definition.with_traits(names))

    def after_build(self, hook: Callable[[Any], object] | Callable[[Any, Any], object], /) -> Self:
        """A factory that calls ``hook(values)`` for the values of each row that it builds or is about to create.

        The hook may change the values (a dict), except the id; they are checked again. One with a second argument
        gets the values in the making, transient parameters included. `build` and `payload` cannot await an async one.
        """
        return self._with(self._definition.with_hook("after_build", hook))

    def before_create(self, hook: Callable[[Any], object] | Callable[[Any, Any], object], /) -> Self:
        """A factory that calls ``hook(values)`` right before it stores a row, when its parents are stored.

        As with `after_build`, whose hooks come first, it may change the values, and may be async. When it fails,
        nothing of the call stays.
        """
        return self._with(self._definition.with_hook("before_create", hook))

    def after_create(self, hook: Callable[[Any], object] | Callable[[Any, Any], object], /) -> Self:
        """A factory that calls ``hook(row)`` for each row that it created, and awaits what an async hook returns.

        A hook with a second argument gets the row's values, transient parameters included:
        ``hook(row, values)``. Hooks run when all rows of the call are stored, in the order of the rows; what
        `create` returns is read again after them. An error of a hook comes through, and the rows stay.
        """
        return self._with(self._definition.with_hook("after_create", hook))

    def aged(
        self, *, weeks: float = 0, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> Self:
        """A factory whose rows look as old as that: ``orders.aged(days=30)``.

        DataFlow stores a row as ever; then the kit sets ``created_at`` and ``updated_at`` back by the age, in the
        database. What is given for one of them wins. The rows of parents and children have ages of their own. Raises
        `FieldTypeError` for what is no age.
        """
        given = {"weeks": weeks, "days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        return self._with(self._definition.aged(checked_age(given)))

    def reset_sequence(self, number: int = 1, /) -> None:
        """The next row of the model gets that number, in this test or fixture: ``orders.reset_sequence(100)``.

        That holds for all factories of the model. Raises `FieldTypeError` for what is no number of a row.
        """
        if isinstance(number, bool) or not 1 <= number < OF_A_DEPTH:
            raise FieldTypeError(
                f"reset_sequence({number!r}) of {self._definition.model_name}",
                do=f"give the number of the next row, from 1 to {OF_A_DEPTH - 1}",
            )
        current().go_on_at(self._definition.model_name, number)

    def _with_trait(
        self, name: str, change: Callable[[Self], FactoryBase] | None, values: Mapping[str, object]
    ) -> Self:
        return self._with(self._definition.with_trait(name, Trait(values, self._changing(name, change))))

    def _changing(
        self, name: str, change: Callable[[Self], FactoryBase] | None
    ) -> Callable[[Definition], Definition] | None:
        if change is None:
            return None
        if not callable(change):
            raise DeclarationError(
                f"trait({name!r}, {truncate_repr(change)}): what a trait changes is a function of the factory",
                do=f"write trait({name!r}, lambda factory: factory.with_children(lines, 3), status=...)",
            )

        def changed(definition: Definition) -> Definition:
            result = cast("object", change(self._with(definition)))
            if not isinstance(result, FactoryBase) or definition_of(result).model_name != definition.model_name:
                raise DeclarationError(
                    f"the function of trait {name!r} returned {truncate_repr(result)}",
                    do=f"let it return the factory for {definition.model_name} that it was given, changed",
                )
            return definition_of(result)

        return changed

    def with_children(
        self, children: FactoryBase, rows: int | Iterable[Mapping[str, object]], /, *, via: str | None = None
    ) -> Self:
        """A factory that also creates rows of another one for each of its own: ``orders.with_children(lines, 3)``.

        rows: how many for each, or one set of values for each of them. via: the children's field that holds
        the id; by default the one that they declare with ``related`` to this model. Raises `DeclarationError` when a
        row is made and there is no such field, or more than one.
        """
        each = each_of(rows, "with_children(factory, {})")
        copies = {id(values): own(dict(values)) for values in each}  # the same for rows that are given the same
        given = tuple(copies[id(values)] for values in each)
        return self._with(self._definition.with_children(Children(definition_of(children), given, via)))

    def with_many(
        self,
        others: FactoryBase | Iterable[BaseRow],
        rows: int | Iterable[Mapping[str, object]] = 1,
        /,
        *,
        through: FactoryBase,
        via: str | None = None,
        to: str | None = None,
    ) -> Self:
        """A factory whose rows are linked to many others: ``students.with_many(courses, 3, through=enrolments)``.

        others: the factory of the other rows, of which each row gets as many as ``rows`` says, as in `with_children`;
        or rows that are stored, to which each row is linked. through: makes the rows that link two. via, to: its fields
        that hold the ids, this row's and the other's; by default those that it declares with ``related``.
        """
        if isinstance(others, FactoryBase):
            stored: tuple[BaseRow, ...] = ()
            given = tuple(own(dict(values)) for values in each_of(rows, "with_many(factory, {}, through=...)"))
        else:
            stored, given = _rows_of_one_model(others, "with_many"), ()
        if not stored and not given:
            return self
        target = definition_of(others) if isinstance(others, FactoryBase) else None
        return self._with(self._definition.with_linked(Linked(definition_of(through), target, given, stored, via, to)))

    def sharing(self, *parents: FactoryBase | BaseRow | Iterable[BaseRow]) -> Self:
        """A factory whose whole graph has these parents: ``orders.with_children(lines, 3).sharing(acme)``.

        parents: a stored row; several, of which the seed chooses; or a factory, which makes one row for each call.
        Every relation to its model takes it, of parents and children at any depth, but not one of its own model to
        itself. What a call gives wins.
        """
        shared = dict(self._definition.sharing)
        for parent in parents:
            if isinstance(parent, FactoryBase):
                definition = definition_of(parent)
                shared[definition.model_name] = (definition,)
            else:
                rows = _rows_of_one_model(parent, "sharing")
                if rows:
                    shared[model_of(rows[0])] = rows
        return self._with(replace(self._definition, sharing=shared))

    def with_placeholders(self) -> Self:
        """A factory whose `build` and `payload` give relations ids as parents would have them, which are not stored.

        Automatic ids are numbers above two billion, which no row has. For parents that are stored see `with_parents`.
        """
        return self._with(replace(self._definition, placeholders=True))

    def with_fakes(self, locale: str | None = None, /, *, library: Library = "faker", **by_name: object) -> Self:
        """A factory whose required texts look real where their names say what they are: ``email``, ``home_phone``.

        Others, and those that the factory declares, stay as they are. locale: ``"de_DE"``, of mimesis ``"de"``.
        by_name: what to use for fields of these names, such as ``sku=fake(lambda faker: faker.bothify("??-##"))``;
        names that the model does not have are left out, so that one table serves all factories.
        """
        fakes = FakesByName(locale, library, own(dict(by_name)))
        return self._with(replace(self._definition, beneath=(fakes, *self._definition.beneath)))

    def _with(self, definition: Definition) -> Self:
        clone = self.of(definition)
        clone.__dict__.update(self.__dict__, _definition=definition)
        return clone

    def _expected(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        _, model = self._definition.resolved()
        for name in fields:
            model.column(name)  # refuses a misspelt one, which could never be met
        return fields


def definition_of(factory: FactoryBase) -> Definition:
    """What a factory is made of, for the modules that make rows."""
    definition: Definition = vars(factory)["_definition"]
    return definition


def each_of(given: int | Iterable[Mapping[str, object]], call: str = "create_many({})") -> list[Mapping[str, object]]:
    """One mapping of values per row, for a number of rows or for the mappings themselves.

    call: how the message writes the call. Raises `FieldTypeError` for anything else.
    """
    rows: object = given  # a dict is an iterable, too, and a test may give anything
    if isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0:
        return [{}] * rows
    if isinstance(rows, Iterable) and not isinstance(rows, Mapping):
        each = list(cast("Iterable[object]", rows))
        if all(isinstance(values, Mapping) for values in each):
            return cast("list[Mapping[str, object]]", each)
    example, examples = call.format(2), call.format('[{"name": "a"}, {"name": "b"}]')
    raise FieldTypeError(
        f"{call.format(truncate_repr(given))}: expected a number of rows, 0 or more, or one dict of values per row",
        do=f"write {example}, or {examples}",
    )


def _rows_of_one_model(given: object, call: str) -> tuple[BaseRow, ...]:
    shown = truncate_repr(given)
    rows: tuple[object, ...] = (given,)
    if isinstance(given, Iterable) and not isinstance(given, BaseRow):
        rows = tuple(cast("Iterable[object]", given))
    models = {model_of(row) if isinstance(row, BaseRow) else None for row in rows}
    if None in models or len(models) > 1:
        raise FieldTypeError(
            f"{call}({shown}): expected a factory, or stored rows of one model",
            do=f"write {call}(courses, ...) with a factory, or with rows: {call}(await courses.create_many(3), ...)",
        )
    return cast("tuple[BaseRow, ...]", rows)


def _shown(name: str, value: object) -> str:
    """A default as `repr` shows it; a declaration of a secret may hold its values."""
    return repr(Masked(value) if isinstance(value, Declaration) and is_secret(name) else value)
