"""Declarations: defaults of a factory that make a value for each row."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any, NoReturn, Protocol, cast

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.numbering import Number, formatted, probes
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.models import Model


class Values(Protocol):
    """A row's values while they are made: ``values.name`` or ``values["name"]``."""

    def __getattr__(self, name: str, /) -> Any: ...
    def __getitem__(self, name: str, /) -> Any: ...


Maker = Callable[[Number, Values], object]
"""Makes a field's value for the row with that number; ``values`` are the row's other values, made on demand."""


class Declaration:
    """Base of all declarations: `bound` gives what makes the values of one field."""

    def bound(self, model: Model, field: str) -> Maker:
        """What makes the values of that field of the model."""
        raise NotImplementedError

    def replaced_by(self, value: object) -> object:
        """What a value that is given in the declaration's place stands for."""
        return value

    def __bool__(self) -> NoReturn:
        raise TypeError("a declaration has no value of its own; each row gets one when it is built")


@dataclass(frozen=True, slots=True, repr=False)
class _Sequence(Declaration):
    form: str | Callable[[int], object]

    def __repr__(self) -> str:
        return f"sequence({self.form!r})"

    def bound(self, model: Model, field: str) -> Maker:
        form = self.form
        if isinstance(form, str):
            return lambda number, values: formatted(form, number)
        return lambda number, values: form(number.unique)


def _check_form(form: str) -> None:
    """Raises `DeclarationError` for a text that is no form, or that gives two rows the same value."""
    seen: dict[str, Number] = {}
    for number in probes():
        try:
            text = formatted(form, number)
        except (LookupError, ValueError, AttributeError, TypeError, OverflowError) as error:
            raise _no_number(form, f"str.format says: {error}") from None
        if text in seen:
            other = seen[text]
            if all(field is None for _, field, _, _ in Formatter().parse(form)):
                raise _no_number(form, "every row would get the same value")
            raise DeclarationError(
                f"sequence({form!r}) gives {text!r} to the rows {other.text} and {number.text}",
                why="a sequence differs for each row",
                do='pad the number on its left, and cut nothing off: sequence("{:03d}") gives 001, 002, ...',
            )
        seen[text] = number


def _no_number(form: str, why: str) -> DeclarationError:
    return DeclarationError(
        f"sequence({form!r}) does not put the row's number into the text",
        why=why,
        do='write {} where the number belongs: sequence("item-{}"); a brace of the text is written {{',
    )


def sequence(form: str | Callable[[int], object], /) -> Any:
    """A value that differs for each row: ``sequence("item-{}")`` or ``sequence(lambda n: n * 10)``.

    A text is filled by `str.format` with a whole number: ``"{:03d}"`` gives 001, 002, ... The number counts the
    model's rows from 1 in each test; rows of wider fixtures have numbers of their own (``item-s1``, ``s001``; for a
    function 1600000001 and on), so that they never meet a test's.
    Raises `DeclarationError` for a text that is no form with a ``{}``, or that gives two rows the same value.
    """
    if isinstance(form, str):
        _check_form(form)
    return _Sequence(form)


@dataclass(frozen=True, slots=True, repr=False)
class _Derived(Declaration):
    compute: Callable[[Any], object]

    def __repr__(self) -> str:
        return f"derived({self.compute!r})"

    def bound(self, model: Model, field: str) -> Maker:
        return lambda number, values: self.compute(values)


def derived(compute: Callable[[Any], object], /) -> Any:
    """A value computed from the row's other values: ``derived(lambda row: row.name.lower())``."""
    return _Derived(compute)


@dataclass(frozen=True, slots=True, repr=False)
class _Choice(Declaration):
    options: tuple[object, ...]

    def __repr__(self) -> str:
        return f"choice({', '.join(map(repr, self.options))})"

    def bound(self, model: Model, field: str) -> Maker:
        options = self.options
        return lambda number, values: options[draw(number, model.name, field) % len(options)]


def choice(*options: Any) -> Any:
    """One of the options for each row: ``choice("open", "paid")``, ``choice(Status)``, ``choice(["a", "b"])``.

    Which one depends on the seed, the test and the row, and on nothing else: another seed chooses otherwise
    (``--testkit-seed``), the same seed the same. Raises `DeclarationError` for no options.
    """
    given: tuple[object, ...] = options
    if len(options) == 1 and _holds_options(options[0]):
        given = tuple(cast("Iterable[object]", options[0]))
    if not given:
        raise DeclarationError("choice() has nothing to choose from", do='give it options: choice("open", "paid")')
    return _Choice(given)


def _holds_options(given: object) -> bool:
    if isinstance(given, type):
        return issubclass(given, enum.Enum)
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, dict))


@dataclass(frozen=True, slots=True, repr=False)
class Transient(Declaration):
    """See `transient`."""

    default: object

    def __repr__(self) -> str:
        return f"transient({self.default!r})"

    def bound(self, model: Model, field: str) -> Maker:
        if field in model.columns:
            raise DeclarationError(
                f"transient(...) for {model.name}.{field}, which is a field of the model",
                why="a transient parameter is not stored",
                do="give the parameter another name",
            )
        default = self.default
        if isinstance(default, Declaration):
            return default.bound(model, field)
        return lambda number, values: default

    def replaced_by(self, value: object) -> object:
        return value if isinstance(value, Transient) else Transient(value)


def transient(default: object, /) -> Any:
    """A parameter of the factory that is not stored: other values and hooks use it.

    >>> from kailash_testkit import Factory, derived
    >>> orders = Factory("Order", vip=transient(False), note=derived(lambda row: "VIP" if row.vip else ""))
    >>> orders  # doctest: +ELLIPSIS
    Factory(Order, vip=transient(False), note=derived(<function <lambda> at 0x...>))

    ``orders.create(vip=True)`` then stores the note "VIP". Raises `DeclarationError` when a row is made and the
    model has a field of that name.
    """
    return Transient(default)
