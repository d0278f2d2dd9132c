"""What the requests of a test wrote, one item for each column of each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.changes.net import TENANT, Change, Kind, net_changes
from kailash_testkit.judge.attributing import Attributed
from kailash_testkit.judge.cases import Case
from kailash_testkit.models import Model
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, jsonable


@dataclass(eq=False)
class Written:
    """One column of one row that a request wrote; without a column, the row itself.

    value: as it was after the request. row: as it was after the request, or before it where it was deleted.
    looked: a test looked at it; in_own_answer: only in the answer of the request that wrote it.
    """

    model: str
    kind: Kind
    column: str | None
    row_id: str
    value: object
    row: Row
    request: TimedRequest
    looked: bool = False
    in_own_answer: bool = False


@dataclass(eq=False)
class Writing:
    """A request with what it wrote. route: method and path."""

    request: TimedRequest
    route: str
    changes: list[Change]
    items: list[Written]


def writings(requests: Iterable[TimedRequest], divided: Attributed, models: Mapping[str, Model]) -> list[Writing]:
    """The requests that wrote, in their order. What several wrote at the same time is counted as the first one's."""
    found: list[Writing] = []
    counted: set[int] = set()
    for request in requests:
        recorded = [change for change in divided.recorded.get(request, ()) if change.seq not in counted]
        counted |= {change.seq for change in recorded}
        changes = [change for change in net_changes(recorded, models) if change.is_reported]
        if changes:
            by_name = {model.name: model for model in models.values()}
            items = [each for change in changes for each in _items(change, request, by_name.get(change.model))]
            route = Case(request, changes, recorded, is_alone=True, is_known=True, may_write_later=False).route
            found.append(Writing(request, route, changes, items))
    return found


def _items(change: Change, request: TimedRequest, model: Model | None) -> Iterator[Written]:
    row = change.after or change.before
    if row is None:
        return
    values = row.as_dict()
    for name in (None, *_columns(change, row, model)):
        value = None if name is None else values[name]
        yield Written(change.model, change.kind, name, key_of(change.id), value, row, request)


def _columns(change: Change, row: Row, model: Model | None) -> list[str]:
    """Those that count: without what DataFlow sets by itself, ids, and columns that a created row leaves empty."""
    if change.kind == "deleted":
        return []
    if change.kind == "updated":
        return [*change.reported_columns]
    tenant = {TENANT} if model is not None and model.tenant else set[str]()
    return [
        name for name, value in row.as_dict().items() if value is not None and name not in {"id", *MANAGED, *tenant}
    ]


def key_of(row_id: object) -> str:
    """An id, however it is written."""
    return str(jsonable(row_id))
