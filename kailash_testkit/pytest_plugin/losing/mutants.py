"""Which writes of a test's requests can get lost: one mutant for each model and operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kailash_testkit.databases.lost_writes import TOMBSTONE, LostWrites
from kailash_testkit.judge.cases import Case

if TYPE_CHECKING:
    from kailash_testkit.databases.journal import RecordedChange
    from kailash_testkit.models import Model
    from kailash_testkit.pytest_plugin.attribution import Attribution

_OPERATIONS: Final = {"insert": "create", "update": "update", "delete": "delete"}


@dataclass(frozen=True)
class Mutant:
    """Writes that get lost. name: ``Order create``. routes: of the requests of one test that made them."""

    name: str
    lost: LostWrites
    routes: tuple[str, ...]


def mutants(known: Attribution, after: int) -> list[Mutant]:
    """Those of a test, in the order of its first writes.

    after: the journal's position when the test's own code began.
    """
    found: dict[str, tuple[LostWrites, dict[str, None]]] = {}
    for request in known.requests:
        recorded = known.divided.recorded.get(request, ())
        route = Case(request, (), (), is_alone=True, is_known=True, may_write_later=False).route
        for name, lost in _lost(recorded, known.models, after):
            found.setdefault(name, (lost, {}))[1][route] = None
    return [Mutant(name, lost, tuple(routes)) for name, (lost, routes) in found.items()]


def _lost(
    recorded: Iterable[RecordedChange], models: Mapping[str, Model], after: int
) -> Iterable[tuple[str, LostWrites]]:
    for change in recorded:
        model = models.get(change.table)
        if change.seq <= after or model is None:  # of other tables nothing is known
            continue
        soft = None
        if model.soft_delete and change.kind == "update":
            before, new = change.before or {}, change.after or {}
            soft = before.get(TOMBSTONE) is None and new.get(TOMBSTONE) is not None
        operation = "delete" if soft else _OPERATIONS[change.kind]
        yield f"{model.name} {operation}", LostWrites(change.table, change.kind, soft)
