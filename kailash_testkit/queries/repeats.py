"""N+1: the same statement with other values, again and again, in one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from kailash_testkit.app_code import Site
from kailash_testkit.errors import NPlusOneQueries
from kailash_testkit.queries import recorder
from kailash_testkit.queries.places import telling_line
from kailash_testkit.queries.report import cut

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.queries.statement import Statement

Mode = Literal["report", "error", "off"]
MOST: Final = 3
"""How often the same statement may run with other values in one request, unless a setting says otherwise."""

_REQUESTS: Final = 200
_Key = tuple[str, str | None, Site]
"""The statement, its model, and the lines that asked for it: two lines of a handler are no loop."""


@dataclass(eq=False)
class Repeated:
    """A statement that one request ran several times. where: the line that tells it from other statements."""

    first: Statement
    request: TimedRequest
    where: str = ""
    values: set[int] = field(default_factory=set[int])
    runs: set[int] = field(default_factory=set[int])

    @property
    def times(self) -> int:
        """With how many different sets of values it ran; all of one bulk node, or of one page by page, count once."""
        return len(self.values)

    @property
    def model(self) -> str:
        """The model, else the table, that it is about."""
        return self.first.model or self.first.table or "no table"

    @property
    def line(self) -> str:
        """What ran, how often, and where: without the statement."""
        name = self.first.node or f"{self.first.operation} on {self.first.table}"
        at = f", at {self.where}" if self.where else ""
        return f"{name} ran {self.times} times with other values (N+1 of {self.model}){at}"

    def __str__(self) -> str:
        return f"{self.line}: {cut(self.first.text)}"

    @classmethod
    def of(cls, first: Statement, second: Statement) -> Repeated:
        """A statement of a request that ran twice."""
        assert first.request is not None
        repeated = cls(first, first.request)
        repeated.note(first)
        repeated.note(second)
        return repeated

    def note(self, statement: Statement) -> None:
        """It ran again."""
        if statement.run is not None:
            if statement.run in self.runs:  # a bulk node divides its rows among statements
                return
            self.runs.add(statement.run)
        self.values.add(statement.values_id)


_ByKey = dict[_Key, "Statement | Repeated"]
"""The statements of a request that has more than may repeat."""


class RepeatLog:
    """The statements that each of the last requests repeated. Observes from `start` to `stop`.

    most: from 1 on, how often a statement may run with other values. allows: whether a request may do so with a model.
    """

    def __init__(self) -> None:
        self.mode: Mode = "off"
        self.most = MOST
        self.allows: Callable[[TimedRequest, str], bool] = lambda _request, _model: False
        self._requests: dict[TimedRequest, list[Statement] | _ByKey] = {}

    def start(self) -> None:
        """Begins to observe, unless the mode is off. Idempotent."""
        if self.mode != "off":
            recorder.listen(self._keep)

    def stop(self) -> None:
        """Ends it. Idempotent."""
        recorder.leave(self._keep)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._requests.clear()

    def _keep(self, statement: Statement) -> None:
        """Those of a request are told apart only where it has more than may repeat: most requests have less."""
        request = statement.request
        if request is None:
            return
        kept = self._requests.get(request)
        if kept is None:
            self._make_room()
            self._requests[request] = [statement]
        elif isinstance(kept, dict):
            _note(kept, statement)
        elif len(kept) < self.most:
            kept.append(statement)
        else:
            by_key: _ByKey = {}
            self._requests[request] = by_key
            for each in (*kept, statement):
                _note(by_key, each)

    def _make_room(self) -> None:
        """Forgets the last request where it has ended without too many; else the oldest, when there are many."""
        last = next(reversed(self._requests), None)
        if last is not None and last.seconds is not None and isinstance(self._requests[last], list):
            del self._requests[last]
        elif len(self._requests) == _REQUESTS:
            del self._requests[next(iter(self._requests))]

    def __iter__(self) -> Iterator[Repeated]:
        return (each for request in [*self._requests] for each in self.of(request))

    def of(self, request: TimedRequest | None) -> list[Repeated]:
        """Those of one request that ran too often."""
        if request is None or self.mode == "off":
            return []
        kept = self._requests.get(request)
        every = [*kept.values()] if isinstance(kept, dict) else []
        repeated = [each for each in every if isinstance(each, Repeated)]
        found = [each for each in repeated if each.times > self.most and not self.allows(request, each.model)]
        for each in found:
            firsts = (other.first if isinstance(other, Repeated) else other for other in every)
            others = (other.site for other in firsts if other.text != each.first.text)
            each.where = telling_line(each.first.site, others, is_repeated=True)
        return found

    def refuse(self, request: TimedRequest) -> None:
        """Raises `NPlusOneQueries` where such a request fails, and this is one."""
        found = self.of(request) if self.mode == "error" else []
        if found:
            raise n_plus_one(request, found)


def _note(by_key: _ByKey, statement: Statement) -> None:
    key = statement.text, statement.model, statement.site
    known = by_key.get(key)
    if known is None:
        by_key[key] = statement
    elif isinstance(known, Repeated):
        known.note(statement)
    else:
        by_key[key] = Repeated.of(known, statement)


def n_plus_one(request: TimedRequest, found: list[Repeated]) -> NPlusOneQueries:
    """The error for a request with such statements."""
    first = found[0]
    callers = [caller for caller in first.first.where if caller != first.where]
    return NPlusOneQueries(
        f"{request.line()}: {first.line}",
        details=[
            cut(first.first.text),
            *(f"through {caller}" for caller in callers[:2]),
            *(str(each) for each in found[1:3]),
        ],
        why="a loop asks for one row at a time what one statement could: its time grows with the number of rows",
        do='fetch them at once before the loop, {"$in": ids} as a filter, or with a bulk node; if the loop is meant, '
        "allow the route: testkit_n_plus_one_allow",
    )
