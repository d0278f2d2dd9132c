"""`Case`: one row that somebody misses, and what an investigation may look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from kailash_testkit.asgi.timeline import TimedRequest, Timeline
from kailash_testkit.concurrency import tasks
from kailash_testkit.databases import Database
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.errors import NodeFailed
from kailash_testkit.explain.failures import Failure, FailureLog
from kailash_testkit.explain.limits import LimitHit, LimitLog
from kailash_testkit.explain.unawaited import NeverAwaited, UnawaitedLog
from kailash_testkit.internals.dataflow_evidence import CacheSettings
from kailash_testkit.isolation.sandbox import Sandbox
from kailash_testkit.models import Model
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.rows import Row
from kailash_testkit.models.types import alternatives


class Nodes(Protocol):
    """Runs DataFlow's generated nodes."""

    async def run(self, model: Model, operation: str, inputs: Mapping[str, object]) -> dict[str, Any]:
        """The result of one node of the model. Raises `NodeFailed`."""
        ...


@dataclass
class Case:
    """A row that is looked for. asked: the id as it was given, of whatever type. dataflow: the one under test."""

    model: Model
    asked: object
    sandbox: Sandbox
    dataflow: Any
    nodes: Nodes
    timeline: Timeline
    failures: FailureLog
    limits: LimitLog
    unawaited: UnawaitedLog
    tenant: str | None

    @property
    def name(self) -> str:
        """The row in words: ``Order 7``."""
        return f"{self.model.name} {self.asked!r}"

    @property
    def database(self) -> Database:
        """The kit's own view of the database."""
        return self.sandbox.database

    def stored(self, row_id: object) -> Row | None:
        """The row with that id as the kit's own connection sees it, however it may be hidden."""
        key = enum_to_value(row_id)
        found = self.database.row(self.model.table, key if isinstance(key, int | str) else str(key))
        return None if found is None else Row.decoded(self.model, found)

    @cached_property
    def row(self) -> Row | None:
        """The stored row."""
        return None if self.asked is None or self.is_of_other_type else self.stored(self.asked)

    @cached_property
    def is_of_other_type(self) -> bool:
        """Whether the id is a text where the model has a number, or the other way round."""
        (kind, *_) = alternatives(self.model.columns["id"])
        if kind is int:
            return not isinstance(self.asked, int) or isinstance(self.asked, bool)
        return kind is str and not isinstance(self.asked, str)

    @property
    def cache_is_on(self) -> bool:
        """Whether DataFlow caches the results of queries."""
        return CacheSettings.of(self.dataflow).enabled

    async def is_read(self) -> bool:
        """Whether DataFlow's own read shows the row."""
        inputs = {"id": self.asked, "raise_on_not_found": False}
        try:
            return bool((await self.nodes.run(self.model, "Read", inputs)).get("found"))
        except NodeFailed:
            return False

    # --- the past --------------------------------------------------------------------------------

    @cached_property
    def _recorded(self) -> tuple[list[RecordedChange], tuple[str, ...]]:
        return self.sandbox.history()

    @property
    def gaps(self) -> tuple[str, ...]:
        """Why the journal may not tell everything; empty when it does."""
        return self._recorded[1]

    @cached_property
    def past(self) -> list[RecordedChange]:
        """What the journal says about rows of that id, in order."""
        key = str(enum_to_value(self.asked))
        return [
            change
            for change in self._recorded[0]
            if change.table == self.model.table and key in {_id_of(change.before), _id_of(change.after)}
        ]

    def place(self, change: RecordedChange) -> str:
        """Its place in the journal's order: ``change 2 of 3``."""
        recorded = self._recorded[0]
        return f"change {1 + [each.seq for each in recorded].index(change.seq)} of {len(recorded)}"

    def when(self, position: int) -> str:
        """When the journal came to a position: `` during POST /orders``, `` outside of any request``, or nothing."""
        found = self.timeline.during(position)
        if found:
            return f" during {' or '.join(request.line() for request in found)}"
        knows_all = 0 < self.timeline.count == len(self.timeline)
        return " outside of any request of this test" if knows_all else ""

    def changed_during(self, request: TimedRequest) -> bool | None:
        """Whether any row changed while the request ran; None where that is not known."""
        if request.first is None or request.last is None:
            return None
        return any(request.covers(change.seq) for change in self._recorded[0])

    def limits_hit(self, request: TimedRequest | None) -> list[LimitHit]:
        """The lists of this model that a default limit cut during a request."""
        return [hit for hit in self.limits if hit.model == self.model.name and hit.request is request is not None]

    def never_awaited(self) -> list[NeverAwaited]:
        """The calls of DataFlow that were to write this model, and were never awaited."""
        return [each for each in self.unawaited if each.writes and self.model.name in each.models]

    # --- what failed, and what still runs -----------------------------------------------------------

    def failed_creates(self, matches: Callable[[Failure], bool]) -> list[Failure]:
        """The failed creates of this model, of a kind, newest first."""
        found = [each for each in self.failures if each.creates and each.model in (self.model.name, None)]
        return [each for each in reversed(found) if matches(each)]

    def names_the_id(self, failure: Failure) -> bool:
        """Whether the failed node was given this id."""
        return any(str(enum_to_value(row_id)) == str(enum_to_value(self.asked)) for row_id in failure.row_ids)

    def running_tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks beside the caller's that a request of this test may have started; none where no loop runs."""
        if not self.timeline.count:
            return set()
        try:
            found = tasks.unexpected(asyncio.get_running_loop()) - {asyncio.current_task()}
        except RuntimeError:
            return set()
        return {task for task in found if not tasks.is_of_test(task)}


def _id_of(values: Any) -> str | None:
    return None if values is None or "id" not in values else str(values["id"])
