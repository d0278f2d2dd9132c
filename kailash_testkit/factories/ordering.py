"""The order in which planned rows are stored: by model, parents first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Protocol, Self, TypeVar

from kailash_testkit.models import Model
from kailash_testkit.store.store import Store


class Ordered(Protocol):
    """What is looked at of a row."""

    store: Store
    model: Model

    @property
    def parents(self) -> Mapping[str, Self]: ...


RowT = TypeVar("RowT", bound=Ordered)
_Group = tuple[int, str]


def batches(rows: Sequence[RowT]) -> list[list[RowT]]:
    """The rows by model, those of parents first; of a model whose rows need each other, those that are needed.

    Where models need each other in a circle (through fields that are None in some of the rows), the rows are
    grouped by their distance from rows without parents. Parents stand before their children in ``rows``.
    """
    if _are_alike(rows):
        return [[*rows]]
    groups: defaultdict[_Group, list[RowT]] = defaultdict(list)
    for row in rows:
        groups[_group(row)].append(row)
    graph = {
        group: {_group(parent) for row in members for parent in row.parents.values()} - {group}
        for group, members in groups.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:
        return _by_depth([(depth, row) for row, depth in _depths(rows, any_model=True).items()])
    return [
        batch
        for group in order
        for batch in _by_depth([(depth, row) for row, depth in _depths(groups[group], any_model=False).items()])
    ]


def _are_alike(rows: Sequence[Ordered]) -> bool:
    """Whether all are of one model, and none has parents among the others."""
    if len(rows) < 2:
        return bool(rows)
    store, model = rows[0].store, rows[0].model
    return not any(row.parents or row.model is not model or row.store is not store for row in rows)


def _group(row: Ordered) -> _Group:
    return id(row.store), row.model.name


def _depths(rows: Sequence[RowT], *, any_model: bool) -> dict[RowT, int]:
    """How many parents stand above each row, of any model or of its own; rows come after their parents."""
    depths: dict[RowT, int] = {}
    for row in rows:
        above = [depths[parent] for parent in row.parents.values() if any_model or _group(parent) == _group(row)]
        depths[row] = 1 + max(above, default=-1)
    return depths


def _by_depth(rows: Sequence[tuple[int, RowT]]) -> list[list[RowT]]:
    found: dict[tuple[int, _Group], list[RowT]] = {}
    for depth, row in rows:
        found.setdefault((depth, _group(row)), []).append(row)
    return [found[key] for key in sorted(found, key=lambda key: key[0])]
