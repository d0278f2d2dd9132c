"""`transient`: parameters of a factory that are not stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories.declarations import Declaration, Maker
from kailash_testkit.factories.nesting import with_nested
from kailash_testkit.models import Model


@dataclass(frozen=True, slots=True, repr=False)
class Transient(Declaration):
    """See `transient`."""

    kind: ClassVar[str] = "transient"
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

    def parts(self, place: str) -> Iterable[tuple[str, Declaration]]:
        return self.default.parts(place) if isinstance(self.default, Declaration) else ()

    def replaced_by(self, value: object) -> object:
        return value if isinstance(value, Transient) else Transient(with_nested(value))


def transient(default: object, /) -> Any:
    """A parameter of the factory that is not stored: other values and hooks use it.

    >>> from kailash_testkit import Factory, derived
    >>> orders = Factory("Order", vip=transient(False), note=derived(lambda row: "VIP" if row.vip else ""))
    >>> orders  # doctest: +ELLIPSIS
    Factory(Order, vip=transient(False), note=derived(<function <lambda> at 0x...>))

    ``orders.create(vip=True)`` then stores the note "VIP". Raises `DeclarationError` when a row is made and the
    model has a field of that name.
    """
    return Transient(with_nested(default))
