"""Declarations: defaults of a factory that make a value for each row."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Protocol, Self

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.numbering import Number, formatted, probes
from kailash_testkit.models import Model
from kailash_testkit.signatures import signature_of
from kailash_testkit.text import code_line


class Values(Protocol):
    """A row's values while they are made: ``values.name`` or ``values["name"]``."""

    def __getattr__(self, name: str, /) -> Any: ...
    def __getitem__(self, name: str, /) -> Any: ...
    def __parent__(self, field: str | None, /) -> Any: ...  # no field has such a name


_KIT: Final = "kailash_testkit."

Maker = Callable[[Number, Values], object]
"""Makes a field's value for the row with that number; ``values`` are the row's other values, made on demand."""


class AwaitedError(Exception):
    """Raised in place of a value that must be awaited; ``finish`` makes the value of what that gives."""

    def __init__(self, awaitable: Awaitable[object]) -> None:
        super().__init__("a value must be awaited")
        self._awaitable = awaitable
        self.finish: Callable[[Callable[[], object]], object] = lambda result: result()

    async def value(self) -> object:
        """The awaited value, checked."""
        try:
            result = await self._awaitable
        except Exception as error:
            return self.finish(_raising(error))
        return self.finish(lambda: result)

    def close(self) -> None:
        """Gives up: nobody will await it."""
        if inspect.iscoroutine(self._awaitable):
            self._awaitable.close()


def _raising(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


class Declaration:
    """Base of all declarations: `bound` gives what makes the values of one field.

    declared_at: the file and line outside the kit that made it. kind: the function that made it, if one did.
    """

    declared_at: str
    kind: ClassVar[str] = ""

    if not TYPE_CHECKING:  # it would have to state the arguments of each subclass

        def __new__(cls, *args: object, **kwargs: object) -> Self:
            made = super().__new__(cls)
            object.__setattr__(made, "declared_at", _caller())
            return made

    def parts(self, place: str) -> Iterable[tuple[str, Declaration]]:
        """The declarations that its values consist of, each with the place where it stands."""
        return ()

    def bound(self, model: Model, field: str) -> Maker:
        """What makes the values of that field of the model."""
        raise NotImplementedError

    def replaced_by(self, value: object) -> object:
        """What a value that is given in the declaration's place stands for."""
        return value

    def __bool__(self) -> NoReturn:
        raise TypeError("a declaration has no value of its own; each row gets one when it is built")


def _caller() -> str:
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - documented
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_KIT):
        frame = frame.f_back
    return code_line(frame.f_code.co_filename, frame.f_lineno)


def _result(made: object) -> object:
    """What a function made. Raises `AwaitedError` where that must be awaited first."""
    if inspect.isawaitable(made):
        raise AwaitedError(made)
    return made


@dataclass(frozen=True, slots=True, repr=False)
class _Sequence(Declaration):
    kind: ClassVar[str] = "sequence"
    form: str | Callable[[int], object]

    def __repr__(self) -> str:
        return f"sequence({self.form!r})"

    def bound(self, model: Model, field: str) -> Maker:
        form = self.form
        if isinstance(form, str):
            return lambda number, values: formatted(form, number)
        return lambda number, values: _result(form(number.unique))


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

    A text is filled by `str.format` with a whole number: ``"{:03d}"`` and ``"{n:03d}"`` give 001, 002, ... The number
    counts the model's rows from 1 in each test; rows of wider fixtures have numbers of their own (``item-s1``,
    ``s001``; for a function 1600000001 and on), so that they never meet a test's.
    Raises `DeclarationError` for a text that is no form with a ``{}``, or that gives two rows the same value.
    """
    if isinstance(form, str):
        _check_form(form)
    return _Sequence(form)


@dataclass(frozen=True, slots=True, repr=False)
class _Derived(Declaration):
    kind: ClassVar[str] = "derived"
    compute: Callable[..., object]
    parent: str | None = None

    def __repr__(self) -> str:
        return f"derived({self.compute!r}{f', parent={self.parent!r}' if self.parent else ''})"

    def bound(self, model: Model, field: str) -> Maker:
        compute, parent = self.compute, self.parent
        if takes_two(compute):
            return lambda number, values: _result(compute(values, values.__parent__(parent)))
        return lambda number, values: _result(compute(values))


def takes_two(function: Callable[..., object]) -> bool:
    """Whether a function must be given more than one argument."""
    try:
        parameters = signature_of(function).parameters.values()
    except ValueError:  # a builtin, such as str
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional and each.default is each.empty for each in parameters) > 1


def derived(compute: Callable[[Any], object] | Callable[[Any, Any], object], /, *, parent: str | None = None) -> Any:
    """A value computed from the row's other values: ``derived(lambda row: row.name.lower())``.

    A function of two arguments gets the row that this one belongs to as well:
    ``derived(lambda row, order: order.currency)``. That is the row whose child it is (`with_children`), else the one of
    its relation (``related``), also where that is given by its id, and None where the relation is None.
    parent: of several relations, the field that holds the parent's id.

    An async function is awaited when rows are created; `build` and `payload` cannot, and say so.
    """
    if parent is not None and not takes_two(compute):
        raise DeclarationError(
            f"derived(..., parent={parent!r}) has a function that takes no parent",
            do="let it take the row and its parent: derived(lambda row, parent: ...)",
        )
    return _Derived(compute, parent)
