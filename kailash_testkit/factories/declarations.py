"""Declarations: defaults of a factory that make a value for each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.numbering import Number


class Values(Protocol):
    """A row's values while they are made: ``values.name`` or ``values["name"]``."""

    def __getattr__(self, name: str, /) -> Any: ...
    def __getitem__(self, name: str, /) -> Any: ...


class Declaration:
    """Base of all declarations: `value` makes the field's value for one row."""

    def value(self, number: Number, values: Values) -> object:
        """The value for the row with that number; ``values`` are the row's other values, made on demand."""
        raise NotImplementedError

    def __bool__(self) -> NoReturn:
        raise TypeError("a declaration has no value of its own; each row gets one when it is built")


@dataclass(frozen=True, slots=True, repr=False)
class _Sequence(Declaration):
    form: str | Callable[[int], object]

    def __repr__(self) -> str:
        return f"sequence({self.form!r})"

    def value(self, number: Number, values: Values) -> object:
        return self.form.format(number.text) if isinstance(self.form, str) else self.form(number.unique)


def _differs(form: str) -> bool:
    try:
        return form.format("1") != form.format("2")
    except (LookupError, ValueError, AttributeError):
        return False


def sequence(form: str | Callable[[int], object], /) -> Any:
    """A value that differs for each row: ``sequence("item-{}")`` or ``sequence(lambda n: n * 10)``.

    The number counts the model's rows from 1 in each test; rows of wider fixtures have numbers of
    their own (``item-s1``; for a function 1600000001 and on), so that they never meet a test's.
    Raises `DeclarationError` for a text that is no form with one ``{}``.
    """
    if isinstance(form, str) and not _differs(form):
        raise DeclarationError(
            f"sequence({form!r}) does not put the row's number into the text",
            why="every row would get the same value, or none",
            do='write {} where the number belongs: sequence("item-{}"); a brace of the text is written {{',
        )
    return _Sequence(form)


@dataclass(frozen=True, slots=True, repr=False)
class _Derived(Declaration):
    compute: Callable[[Any], object]

    def __repr__(self) -> str:
        return f"derived({self.compute!r})"

    def value(self, number: Number, values: Values) -> object:
        return self.compute(values)


def derived(compute: Callable[[Any], object], /) -> Any:
    """A value computed from the row's other values: ``derived(lambda row: row.name.lower())``."""
    return _Derived(compute)
