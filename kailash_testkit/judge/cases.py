"""Each request of a test with what it sent, what it answered, and the rows that it changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from kailash_testkit.asgi import routes
from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.changes.net import Change, net_changes
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.judge.attributing import Attributed
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row
from kailash_testkit.text import folded

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_ID: Final = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-fA-F]{12,}|[A-Za-z0-9]+([-_][A-Za-z0-9]+)*[-_]?\d+")


class FailedNode(NamedTuple):
    """A node that failed. text: for messages. where: the application's lines that ran it, where they are known."""

    operation: str
    model: str | None
    text: str
    where: Sequence[str] = ()


class CutList(NamedTuple):
    """A list that a default limit cut. text: for messages."""

    model: str
    limit: int
    text: str


class Observed(NamedTuple):
    """What was observed of the nodes of a request. tenants: those that it was bound to while they ran."""

    failed: Sequence[FailedNode] = ()
    cuts: Sequence[CutList] = ()
    tenants: frozenset[str] = frozenset()


NOTHING_OBSERVED: Final = Observed()


@dataclass(frozen=True)
class Case:
    """One request.

    changes: those of it alone that are worth reporting; a request at the same time may have made others.
    recorded: all that was recorded while it ran. is_alone: no other request ran while any of that was.
    is_known: whether its changes are. may_write_later: rows changed after it that nobody else can have changed, so that
        it may have left work running.
    observed: of its nodes.
    """

    request: TimedRequest
    changes: Sequence[Change]
    recorded: Sequence[RecordedChange]
    is_alone: bool
    is_known: bool
    may_write_later: bool
    observed: Observed = NOTHING_OBSERVED

    @property
    def status(self) -> int | None:
        """That a client sees: an exception of the application is a 500."""
        return 500 if self.request.status is None and self.request.has_raised else self.request.status

    @property
    def is_success(self) -> bool:
        """Whether it was answered by a 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """Whether it was answered by a 4xx or 5xx."""
        return self.status is not None and self.status >= 400

    @property
    def outcome(self) -> str:
        """How it ended, in words."""
        raised = self.request.failure if self.request.status is None else None
        return raised or f"answered {self.status}"

    @cached_property
    def route(self) -> str:
        """Method and path of the route; without one that is known, ids in the path are ``{id}``."""
        return route_of(self.request)

    @cached_property
    def sent(self) -> object:
        """The JSON that was sent; None without."""
        return _json(self.request.sent)

    @cached_property
    def answer(self) -> object:
        """The JSON that was answered; None without."""
        return _json(self.request.answer)


def route_of(request: TimedRequest) -> str:
    """Method and path of the route that takes a request; without one that is known, ids in the path are ``{id}``."""
    found = routes.template(request.app, request.method, request.path)
    return f"{request.method} {found or _generalised(request.path)}"


class Rows(Protocol):
    """What is read of a database."""

    def rows(self, table: str, ids: Sequence[object], /) -> list[Mapping[str, object]]:
        """The stored rows with these ids."""
        ...


@dataclass
class Ledger:
    """All that is known of one database: its rows now, and what led to them.

    models: by table. recorded: since the test began, by whomever.
    """

    models: Mapping[str, Model]
    recorded: Sequence[RecordedChange]
    database: Rows
    _present: dict[tuple[str, str], Row | None] = field(default_factory=dict[Any, Any])

    def row(self, model: Model, row_id: object, request: TimedRequest) -> Row | None:
        """The row as it was when the request ended."""
        for change in self.recorded:
            is_later = request.last is not None and change.seq > request.last
            if is_later and change.table == model.table and str(change.key[0]) == str(row_id):
                return None if change.before is None else Row.decoded(model, change.before)
        key = (model.table, str(row_id))
        if key not in self._present:
            found = self.database.rows(model.table, [_as_id(model, row_id)])
            self._present[key] = Row.decoded(model, found[0]) if found else None
        return self._present[key]

    def model(self, name: str) -> Model | None:
        """The model of that name."""
        return next((model for model in self.models.values() if model.name == name), None)

    def target(self, path: str) -> Target | None:
        """What a path names; None where its last collection is none of a model: ``/orders/7/lines/3``."""
        parts = [part for part in path.split("/") if part]
        for place in reversed(range(len(parts))):
            found = next((each for each in self.models.values() if folded(parts[place]) in _names(each)), None)
            rest = parts[place + 1 :]
            if found is not None:
                return Target(found, rest[0] if rest else None, len(rest) == 2) if len(rest) <= 2 else None
        return None


@dataclass(frozen=True)
class Target:
    """What a path names.

    A model's collection, ``/orders``; one row, ``/orders/7``; something to be done, ``/orders/7/confirm``.
    """

    model: Model
    row_id: str | None
    is_action: bool


def cases(
    requests: Iterable[TimedRequest],
    divided: Attributed,
    models: Mapping[str, Model],
    observed: Callable[[TimedRequest], Observed],
    *,
    is_complete: bool,
) -> list[Case]:
    """The cases of one database, in the order of the requests, without WebSockets and what Nexus took from its record.

    observed: what ran for each. is_complete: whether all that changed is recorded, and visible.
    """
    found: list[Case] = []
    requests = [each for each in requests if each.seconds is not None]
    owners = _owners(divided)
    for request in requests:
        if request.is_websocket or request.recorded:
            continue
        recorded = divided.recorded.get(request, [])
        own = [change for change in recorded if owners[change.seq] == 1]
        changes = [change for change in net_changes(own, models) if change.is_reported]
        later = any(number == request.number for number, _ in divided.outside)
        is_known = is_complete and request in divided.recorded
        found.append(Case(request, changes, recorded, len(own) == len(recorded), is_known, later, observed(request)))
    return found


def _owners(divided: Attributed) -> Mapping[int, int]:
    """How many requests ran while each change was made."""
    owners: dict[int, int] = {}
    for recorded in divided.recorded.values():
        for change in recorded:
            owners[change.seq] = owners.get(change.seq, 0) + 1
    return owners


def _json(content: bytes | None) -> object:
    if not content:
        return None
    try:
        found: object = json.loads(content)
    except ValueError:
        return None
    return found


def _generalised(path: str) -> str:
    return "/".join("{id}" if _ID.fullmatch(part) else part for part in path.split("/"))


def _as_id(model: Model, row_id: object) -> object:
    text = str(row_id)
    is_int = model.columns["id"] is int
    return int(text) if is_int and text.lstrip("-").isdecimal() else row_id if isinstance(row_id, int | str) else text


def _names(model: Model) -> set[str]:
    """How a path may call the model's collection, or one of it."""
    name, table = folded(model.name), folded(model.table)
    names = {name, table, f"{name}s", f"{name}es", table.removesuffix("s")}
    return names | ({f"{name[:-1]}ies"} if name.endswith("y") else set())
