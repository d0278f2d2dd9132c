"""The application's lists that a default limit cut: the commonest reason for rows that are there and not shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.errors import DefaultLimitHit
from kailash_testkit.internals import observed_nodes

_LENGTH: Final = 100


@dataclass(frozen=True)
class LimitHit:
    """A list of the application that a default limit cut. request: during which."""

    model: str
    source: str
    limit: int
    total: int | None
    filtered: bool
    request: TimedRequest | None

    @property
    def during(self) -> str:
        """During which request, in words; empty outside of any."""
        return "" if self.request is None else f", during {self.request.line()}"

    def __str__(self) -> str:
        rows = f"{self.limit} rows" if self.source.startswith(self.model) else f"{self.limit} rows of {self.model}"
        there = "more match" if self.total is None else f"{self.total} match"
        if self.total is not None and not self.filtered:
            there = f"the table has {self.total}"
        return f"{self.source} returned {rows}, its default limit; {there}"


class LimitLog:
    """The last lists of one DataFlow that were cut, oldest first. Observes from `start` to `stop`.

    are_errors: whether a request with one fails.
    """

    def __init__(self, dataflow: Any) -> None:
        self.are_errors = False
        self._dataflow = dataflow
        self._hits: deque[LimitHit] = deque(maxlen=_LENGTH)

    def start(self) -> None:
        """Begins to observe. Idempotent."""
        observed_nodes.observe(self._keep)

    def stop(self) -> None:
        """Ends it. Idempotent."""
        observed_nodes.ignore(self._keep)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._hits.clear()

    def _keep(self, cut: observed_nodes.CutList) -> None:
        if cut.dataflow is self._dataflow:
            request = CURRENT.get(None)
            self._hits.append(LimitHit(cut.model, cut.source, cut.limit, cut.total, cut.filtered, request))

    def __iter__(self) -> Iterator[LimitHit]:
        return iter(self._hits)

    def refuse(self, request: TimedRequest) -> None:
        """Raises `DefaultLimitHit` where a request with a list that was cut fails, and this is one."""
        hits = self.of(request) if self.are_errors else []
        if hits:
            raise DefaultLimitHit(
                f"{request.line()}: {hits[0]}",
                details=[str(hit) for hit in hits[1:3]],
                why="nobody gave the list a limit: ListNode then returns 10 rows, express.list 100",
                do="give it a limit, answer in pages, or count with CountNode",
            )

    def of(self, request: TimedRequest | None) -> list[LimitHit]:
        """Those of one request."""
        return [hit for hit in self if hit.request is request and request is not None]
