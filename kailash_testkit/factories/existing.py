"""`existing`: a relation to a row that is stored already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, cast

from kailash_testkit.errors import DeclarationError, MissingField
from kailash_testkit.factories.base import FactoryBase
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.relations import Related, Target, check_target, every_relation
from kailash_testkit.models.equality import are_plain

_MOST_FACTORIES: Final = 300  # to follow; where there are more, the making of values says why


class Existing(Related):
    """See `existing`."""

    kind: ClassVar[str] = "existing"
    _found_when: ClassVar[str] = "looked for only"

    def __init__(self, target: Target, *, or_create: bool, conditions: Mapping[str, object]) -> None:
        super().__init__(target)
        self.or_create = or_create
        self.conditions = conditions
        self._made_otherwise: Definition | None = None

    @property
    def ends(self) -> bool:
        return True

    @property
    def leads_on(self) -> bool:
        return self.or_create

    def made_otherwise(self) -> Definition:
        """What makes the row where none is stored."""
        if self._made_otherwise is None:
            self._made_otherwise = self.definition().using(self.conditions)
        return self._made_otherwise

    async def ids(self) -> list[object]:
        """The ids of the rows that come into question now, in order."""
        store, model = self.definition().resolved()
        return [row["id"] for row in await store.rows(model, self.conditions)]

    def none_stored(self, place: str) -> MissingField:
        """The error where no row comes into question."""
        target = self.definition().model_name
        given = "".join(f", {name}={value!r}" for name, value in self.conditions.items())
        return MissingField(
            f"{place} is the id of a {target} that is stored already, and none is" + (" that matches" if given else ""),
            details=[f"declared at {self.declared_at}"],
            why=f"existing(...) chooses among the rows of {target}{' with' + given[1:] if given else ''}",
            do=f"create one before, or let one be created where there is none: existing(..., or_create=True{given})",
        )


Candidates = Mapping[Existing, list[object]]


async def candidates(definition: Definition, given: Iterable[Mapping[str, object]] = ()) -> Candidates:
    """The ids that each relation to a stored row may take, wherever it stands in the graphs of these rows."""
    return {relation: await relation.ids() for relation in _reachable(definition, given)}


def _reachable(definition: Definition, given: Iterable[Mapping[str, object]]) -> list[Existing]:
    """The relations to stored rows that making the rows may come upon."""
    visit = _Visit()
    visit(definition, {})
    last: Mapping[str, object] = {}
    for values in given:
        if values and values is not last and (definition.traits or not are_plain(values.values())):
            visit(definition, values)
            last = values
    return list(visit.found)


class _Visit:
    """Goes through the graph of a factory's rows."""

    def __init__(self) -> None:
        self.found: dict[Existing, None] = {}
        self._seen: set[Definition] = set()

    def __call__(self, definition: Definition, given: Mapping[str, object]) -> None:
        definition, given = definition.switched(given)
        if definition not in self._seen:
            if len(self._seen) > _MOST_FACTORIES:
                return
            self._seen.add(definition)
            self._relations(definition.all_defaults())
            for other, values in _others(definition):
                self(other, values)
        self._relations(given)

    def _relations(self, values: Mapping[str, object]) -> None:
        for relation in every_relation(values).values() if values else ():
            if isinstance(relation, Existing):
                self.found[relation] = None
            if relation.leads_on:
                self(relation.definition(), {})


def _others(definition: Definition) -> Iterator[tuple[Definition, Mapping[str, object]]]:
    for children in definition.children:
        yield from ((children.definition, values) for values in children.given or ({},))
    for linked in definition.linked:
        yield linked.through, {}
        if linked.others is not None:
            others = linked.others
            yield from ((others, values) for values in linked.given or ({},))
    for shared in definition.sharing.values():
        yield from ((each, {}) for each in shared if isinstance(each, Definition))


def existing(factory: FactoryBase | Callable[[], FactoryBase], /, *, or_create: bool = False, **conditions: Any) -> Any:
    """The id of a row that is stored already: ``Factory(Order, customer_id=existing(customers))``.

    factory: for the model; a function that returns one where it is defined later. Which of its rows depends on the
    seed, as with `choice`. conditions: only rows that match, as `Factory.rows` takes them.
    or_create: where no row matches, one is created for the whole call, with the conditions as its values; else that
    is a `MissingField`.

    >>> from kailash_testkit import Factory, existing
    >>> customers = Factory("Customer")
    >>> orders = Factory("Order", customer_id=existing(customers, or_create=True, is_active=True))
    """
    check_target("existing", factory)
    for name, condition in conditions.items():
        if or_create and _is_condition(condition):
            raise DeclarationError(
                f"existing(..., or_create=True, {name}={condition!r})",
                why="the row to be created needs a value, and this is a condition",
                do=f"give a value: {name}=...",
            )
    return Existing(factory, or_create=or_create, conditions=conditions)


def _is_condition(given: object) -> bool:
    return isinstance(given, Mapping) and any(
        isinstance(key, str) and key.startswith("$") for key in cast("Mapping[object, object]", given)
    )
