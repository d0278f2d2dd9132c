"""Relations of rows that are being planned: where they stand, and by which field a row belongs to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kailash_testkit.errors import CircularValues, DeclarationError
from kailash_testkit.factories.declarations import Values
from kailash_testkit.factories.definition import Definition
from kailash_testkit.factories.making import fail
from kailash_testkit.factories.numbering import Number
from kailash_testkit.factories.relations import Related, relations
from kailash_testkit.models import Model
from kailash_testkit.models.model import unknown_field
from kailash_testkit.models.rows import BaseRow
from kailash_testkit.store.store import Store
from kailash_testkit.text import comma_join


@dataclass(frozen=True)
class Place:
    """Where a planned row stands in its graph.

    trail: the relations that led to it. sharing: what relations take, by model; of several rows the seed chooses.
    """

    trail: tuple[tuple[Related, str], ...] = ()
    sharing: Mapping[str, Sequence[BaseRow | Definition]] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Link:
    """A relation of a row that is being planned: of which field, or part of one, and of which row."""

    relation: Related
    field: str
    store: Store
    model: Model
    number: Number
    place: Place

    @property
    def where(self) -> str:
        return f"{self.model.name}.{self.field}"


def is_wanted(link: Link, values: Values) -> bool:
    """Whether the row has a row of that relation, by its values. Raises what its function raises, with its place."""
    try:
        return link.relation.is_wanted(link.model, link.field, link.number, values)
    except Exception as error:
        fail(error, link.relation, link.model, link.field)


def link_to(definition: Definition, model: Model, parent: Model, given: str | None, without: str | None = None) -> str:
    """The field of a factory's rows that holds the id of a row of ``parent``: the one that is given, or related so.

    without: a field that holds another id. Raises `UnknownField`, or `DeclarationError` where it is not clear.
    """
    if given is not None:
        if given not in model.writable:
            raise unknown_field(model, given, model.writable)
        return given
    declared = relations(definition.all_defaults())
    found = [
        field
        for field, relation in declared.items()
        if field != without and relation.definition().model_name == parent.name
    ]
    if len(found) == 1:
        return found[0]
    raise DeclarationError(
        f"{model.name} has {'several relations' if found else 'no relation'} to {parent.name}, by which its rows "
        "would belong to them",
        why=f"the factory for {model.name} declares: {comma_join(declared)}",
        do='say which field holds the id: via="..." (of with_many also to="...")',
    )


def check_reference(store: Store, model: Model, field: str, parent: Model) -> None:
    """Raises `DeclarationError` when the database has a foreign key from that field to another table."""
    table = store.references(model).get(field, parent.table)
    if table != parent.table:
        raise DeclarationError(
            f"{model.name}.{field} is related to {parent.name}, and refers to table {table} in the database",
            why=f"the rows of {parent.name} are in table {parent.table}; the foreign key would refuse their ids",
            do=f"relate {field} to a factory of the model whose table is {table}",
        )


def circular(here: str, relation: Related, trail: Sequence[tuple[Related, str]]) -> CircularValues:
    """The error for rows that need each other, with the path from one to the next."""
    places = [place for _, place in trail]
    start = next((number for number, (other, _) in enumerate(trail) if other is relation), 0)
    return CircularValues(
        f"rows need each other: {' -> '.join([*places[start:], here])}",
        why="each of them would have to be stored before the other",
        do="declare one of the fields optional, with None as its default, or give it a value",
    )
