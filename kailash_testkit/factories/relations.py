"""`related`: a row that another row belongs to. DataFlow declares no foreign keys, so factories declare them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError, MissingField
from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.declarations import Declaration, Maker
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.nesting import every_part
from kailash_testkit.factories.transients import Transient
from kailash_testkit.models import Model
from kailash_testkit.models.rows import BaseRow, model_of

_MOST_RELATIONS: Final = 300  # to follow; more are no application's


class Related(Declaration):
    """See `related`."""

    kind = "related"
    makes_row = True

    def __init__(self, target: FactoryBase | Callable[[], FactoryBase], *, share: bool) -> None:
        self._target = target
        self._found: Definition | None = None
        self._leads_back: bool | None = None
        self.share = share

    def __repr__(self) -> str:
        return f"related({self._target!r}{', share=True' if self.share else ''})"

    def definition(self) -> Definition:
        """What makes the rows. Raises `DeclarationError` when the function returns no factory."""
        if self._found is None:
            self._found = self._looked_up()
        return self._found

    def _looked_up(self) -> Definition:
        target = self._target
        found = cast("object", target if isinstance(target, FactoryBase) else target())
        if not isinstance(found, FactoryBase):
            raise DeclarationError(
                f"related(...) was given a function that returns {found!r}",
                do="let it return a factory: related(lambda: orders)",
            )
        return definition_of(found)

    def bound(self, model: Model, field: str) -> Maker:
        given = re.split(r"[\[.]", field)[0]  # a part of a field is given with that

        def refuse(*_: object) -> object:
            raise MissingField(
                f"{model.name}.{field} is the id of a row that is made only when rows are stored",
                why="build() and payload() store nothing",
                do=f"give one: {given}=..., or use create()",
            )

        return refuse

    def replaced_by(self, value: object) -> object:
        """A row stands for its id. Raises `FieldTypeError` for a row of another model."""
        if not isinstance(value, BaseRow):
            return value
        expected, found = self.definition().model_name, model_of(value)
        if found != expected:
            raise FieldTypeError(
                f"a row of {found} was given where one of {expected} belongs",
                do=f"give a row of {expected}, or its id",
            )
        return value.as_dict()["id"]

    def leads_back(self) -> bool:
        """Whether the row it makes would need it again, directly or through others."""
        if self._leads_back is None:
            self._leads_back = any(other is self for other in _following(self, set()))
        return self._leads_back


def _following(start: Related, seen: set[int]) -> Iterator[Related]:
    if len(seen) > _MOST_RELATIONS:
        raise DeclarationError(
            f"{start!r} leads on without end",
            why="its function makes a new factory each time, which has such a relation again",
            do="define the factory once, at module level, and return it: related(lambda: employees)",
        )
    for other in every_relation(start.definition().defaults).values():
        if id(other) not in seen:
            seen.add(id(other))
            yield other
            yield from _following(other, seen)


def relations(defaults: Mapping[str, object]) -> dict[str, Related]:
    """The declared relations by field."""
    return {name: value for name, value in defaults.items() if isinstance(value, Related)}


def every_relation(values: Mapping[str, object]) -> dict[str, Related]:
    """The relations of fields, of transient parameters and within dicts and lists, by their place."""
    bare = {name: value.default if isinstance(value, Transient) else value for name, value in values.items()}
    return {place: part for place, part in every_part(bare).items() if isinstance(part, Related)}


def related(factory: FactoryBase | Callable[[], FactoryBase], /, *, share: bool = False) -> Any:
    """The id of a row of another factory, which is created first: ``Factory(Order, customer_id=related(customers))``.

    factory: makes the row; a function that returns one (``lambda: employees``) where it is defined later.
    share: one row for the whole batch, for all relations to that factory that share; else one for each row.

    A parent of one's own is given as its id or as the row: ``orders.create(customer_id=ada)``. A relation that
    leads back to itself is left None where the field is optional, and refused where it is not (`CircularValues`).
    Where the database has a foreign key to another table, it is refused (`DeclarationError`).
    """
    given: object = factory
    if not isinstance(given, FactoryBase) and (isinstance(given, type) or not callable(given)):
        raise DeclarationError(
            f"related({given!r}) is not about a factory",
            do="give it one: related(customers), or a function that returns it: related(lambda: customers)",
        )
    return Related(factory, share=share)
