"""`related`: a row that another row belongs to. DataFlow declares no foreign keys, so factories declare them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, cast

from kailash_testkit.errors import DeclarationError, FieldTypeError, MissingField
from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.declarations import Declaration, Maker, Values
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.drafts import NotKnownYetError
from kailash_testkit.factories.nesting import every_part
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.random_seed import draw
from kailash_testkit.factories.transients import Transient
from kailash_testkit.models import Model
from kailash_testkit.models.rows import BaseRow, model_of

_MOST_RELATIONS: Final = 300  # to follow; more are no application's
_DEEPEST: Final = 100

Target = FactoryBase | Callable[[], FactoryBase]
When = float | Callable[[Any], object]


class Related(Declaration):
    """See `related`."""

    kind: ClassVar[str] = "related"
    _found_when: ClassVar[str] = "made only"

    def __init__(
        self,
        target: Target,
        *,
        share: bool = False,
        when: When | None = None,
        depth: int | None = None,
    ) -> None:
        self._target = target
        self._found: Definition | None = None
        self._leads_back: bool | None = None
        self.share = share
        self.when = when
        self.depth = depth

    def __repr__(self) -> str:
        options = {"share": self.share or None, "when": self.when, "depth": self.depth}
        given = "".join(f", {name}={value!r}" for name, value in options.items() if value is not None)
        return f"{self.kind}({self._target!r}{given})"

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
                f"{self.kind}(...) was given a function that returns {found!r}",
                do=f"let it return a factory: {self.kind}(lambda: orders)",
            )
        return definition_of(found)

    def bound(self, model: Model, field: str) -> Maker:
        given = re.split(r"[\[.]", field)[0]  # a part of a field is given with that

        def refuse(number: Number, values: Values) -> object:
            if not self.is_wanted(model, field, number, values):
                return None
            raise MissingField(
                f"{model.name}.{field} is the id of a row that is {self._found_when} when rows are stored",
                why="build() and payload() store nothing",
                do=f"give one: {given}=...; or use create(), await factory.with_parents(), which stores the rows that "
                "it needs, or factory.with_placeholders()",
            )

        return refuse

    def is_wanted(self, model: Model, place: str, number: Number, values: Values) -> bool:
        """Whether the row with that number has such a row. Raises `DeclarationError` for what is not known before."""
        if self.when is None:
            return True
        if not callable(self.when):
            return draw(number, model.name, f"{place}.when") / 2**64 < self.when
        try:
            wanted = self.when(values)
        except NotKnownYetError as error:
            raise DeclarationError(
                f"{model.name}.{place}: when=... asks for {error}, which is not known before rows are stored",
                why="which rows are created is decided first",
                do="decide by values that the factory itself makes, or by a transient parameter",
            ) from None
        if inspect.isawaitable(wanted):
            if inspect.iscoroutine(wanted):
                wanted.close()
            raise DeclarationError(
                f"{model.name}.{place}: the function of when=... is async", do="give a function that answers at once"
            )
        return bool(wanted)

    @property
    def ends(self) -> bool:
        """Whether the row is left out, rather than refused, where it would need itself once more."""
        return self.when is not None or self.depth is not None

    @property
    def leads_on(self) -> bool:
        """Whether a row may be made for it, which may need others."""
        return True

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
    for other in every_relation(start.definition().all_defaults()).values():
        if id(other) not in seen:
            seen.add(id(other))
            yield other
            if other.leads_on:
                yield from _following(other, seen)


def relations(defaults: Mapping[str, object]) -> dict[str, Related]:
    """The declared relations by field."""
    return {name: value for name, value in defaults.items() if isinstance(value, Related)}


def every_relation(values: Mapping[str, object]) -> dict[str, Related]:
    """The relations of fields, of transient parameters and within dicts and lists, by their place."""
    bare = {name: value.default if isinstance(value, Transient) else value for name, value in values.items()}
    return {place: part for place, part in every_part(bare).items() if isinstance(part, Related)}


def related(
    factory: FactoryBase | Callable[[], FactoryBase],
    /,
    *,
    share: bool = False,
    when: float | Callable[[Any], object] | None = None,
    depth: int | None = None,
) -> Any:
    """The id of a row of another factory, which is created first: ``Factory(Order, customer_id=related(customers))``.

    factory: makes the row; a function that returns one (``lambda: employees``) where it is defined later.
    share: one row for the whole batch, for all relations to that factory that share; else one for each row.
    when: which rows have one, the others None: a function of the row's values (``lambda row: row.is_gift``), or a
    part of all rows between 0 and 1, by the seed.
    depth: of a relation to its own factory, how many rows stand in a line, the row itself included: with ``depth=3`` a
    category has a parent, which has one too.

    A parent of one's own is given as its id or as the row: ``orders.create(customer_id=ada)``. A relation that
    leads back to itself is left None where the field is optional, and refused where it is not (`CircularValues`).
    Where the database has a foreign key to another table, it is refused (`DeclarationError`).
    """
    check_target("related", factory)
    _check_when(when)
    if depth is not None and (isinstance(depth, bool) or not 1 <= depth <= _DEEPEST):
        raise DeclarationError(
            f"related(..., depth={depth!r})",
            why=f"it is the number of rows in a line, from 1 to {_DEEPEST}",
            do="write depth=3 for a row with a parent and a grandparent",
        )
    return Related(factory, share=share, when=when, depth=depth)


def check_target(kind: str, given: object) -> None:
    """Raises `DeclarationError` for what is neither a factory nor a function."""
    if not isinstance(given, FactoryBase) and (isinstance(given, type) or not callable(given)):
        raise DeclarationError(
            f"{kind}({given!r}) is not about a factory",
            do=f"give it one: {kind}(customers), or a function that returns it: {kind}(lambda: customers)",
        )


def _check_when(when: object) -> None:
    share = isinstance(when, int | float) and not isinstance(when, bool) and 0 <= when <= 1
    if when is not None and not share and not callable(when):
        raise DeclarationError(
            f"related(..., when={when!r}) does not say which rows have one",
            do="give a function of the row's values, when=lambda row: row.is_gift, or a part of all rows, when=0.5",
        )
