"""`choice`: one of several values, by the seed."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError
from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.nesting import with_nested
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.models import Model
from kailash_testkit.models.rows import BaseRow

_OPTION: Final = ".option["


@dataclass(frozen=True, slots=True, repr=False)
class _Choice(Declaration):
    kind: ClassVar[str] = "choice"
    options: tuple[object, ...]

    def __repr__(self) -> str:
        return f"choice({', '.join(map(repr, self.options))})"

    def bound(self, model: Model, field: str) -> Maker:
        options, places = self.options, dict(self.parts(field))

        def chosen(number: Number, values: Values) -> object:
            index = draw(number, model.name, field) % len(options)
            place = _option(field, index)
            return values[place] if place in places else options[index]

        return chosen

    def replaced_by(self, value: object) -> object:
        """A row stands for its id where one of the options is a relation to its model."""
        if isinstance(value, BaseRow):
            for option in self.options:
                with contextlib.suppress(FieldTypeError):
                    taken = option.replaced_by(value) if isinstance(option, Declaration) else value
                    if taken is not value:
                        return taken
        return value

    def parts(self, place: str) -> Iterable[tuple[str, Declaration]]:
        options = enumerate(self.options)
        return [(_option(place, index), option) for index, option in options if isinstance(option, Declaration)]


def _option(place: str, index: int) -> str:
    return f"{place}{_OPTION}{index}]"


def is_option(place: str) -> bool:
    """Whether a place is one of several, which not every row has."""
    return _OPTION in place


def choice(*options: Any) -> Any:
    """One of the options for each row: ``choice("open", "paid")``, ``choice(Status)``, ``choice(["a", "b"])``.

    Which one depends on the seed, the test and the row, and on nothing else: another seed chooses otherwise
    (``--testkit-seed``), the same seed the same. Of relations, only the row of the one chosen is created:
    ``choice(related(people), related(companies), None)``. Raises `DeclarationError` for no options.
    """
    given: tuple[object, ...] = options
    if len(options) == 1 and _holds_options(options[0]):
        given = tuple(cast("Iterable[object]", options[0]))
    if not given:
        raise DeclarationError("choice() has nothing to choose from", do='give it options: choice("open", "paid")')
    return _Choice(tuple(with_nested(option) for option in given))


def _holds_options(given: object) -> bool:
    if isinstance(given, type):
        return issubclass(given, enum.Enum)
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, dict, BaseRow))
