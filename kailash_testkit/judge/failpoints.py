"""Writes that are refused on purpose: which there are to be refused, and what a request must make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kailash_testkit.changes.net import net_changes
from kailash_testkit.changes.report import listing
from kailash_testkit.databases.failpoints import Event, Failpoint, Way
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.judge.allowances import Allowances, is_log
from kailash_testkit.judge.cases import Case
from kailash_testkit.judge.checks import Found
from kailash_testkit.models import Model

_MOST: Final = 6  # lines of rows
_EQUAL: Final = 2  # that are tried of the writes of one kind in a request, beside the last
CHECKS: Final = ("failpoint-ignored", "failpoint-left-rows", "failpoint-hung")
_DO: Final = {
    "refuse": "look at each node's result, and write in one transaction (TransactionScopeNode, under LocalRuntime)",
    "fail the commit": "let the error of a commit reach the client",
    "lose the connection": "let the error of a lost connection reach the client, and write in one transaction",
}
Key = tuple[str, str, Event, int, Way]


@dataclass(frozen=True)
class PlannedRefusal:
    """One write of a request, to be refused when the test runs again.

    place: which one of the request's writes of that kind to that table it is, 2 for all later ones. write: in words.
    """

    failpoint: Failpoint
    request: int
    route: str
    place: int
    model: str
    write: str

    @property
    def key(self) -> Key:
        """What equal writes have in common."""
        return self.route, self.failpoint.table, self.failpoint.event, self.place, self.failpoint.way

    def counted(self, recorded: Iterable[RecordedChange]) -> bool:
        """Whether no more than the writes before it happened, as far as that can be told by their number."""
        point = self.failpoint
        same = [change for change in recorded if (change.table, change.kind) == (point.table, point.event)]
        return len(same) <= point.number


def planned(
    cases: Sequence[Case],
    recorded: Sequence[RecordedChange],
    models: Mapping[str, Model],
    ways: Sequence[Way],
    allowed: Allowances,
) -> Iterator[PlannedRefusal]:
    """The writes of successful requests, without those to logs. recorded: since the test's own code began."""
    passed: Counter[tuple[str, Event]] = Counter()
    writes: dict[tuple[int, str, Event], list[tuple[int, RecordedChange]]] = {}
    of_request = {change.seq: case for case in cases if case.is_alone for change in case.recorded}
    for change in recorded:
        kind = change.table, change.kind
        case = of_request.get(change.seq)
        if case is not None and case.is_success and not is_log(_name(change.table, models)):
            writes.setdefault((case.request.number, *kind), []).append((passed[kind], change))
        passed[kind] += 1
    for (request, table, event), same in writes.items():
        case = of_request[same[0][1].seq]
        if all(allowed.is_off(check, case.route) for check in CHECKS):
            continue
        model = _name(table, models)
        for place, (number, change) in enumerate([*same[:_EQUAL], *same[_EQUAL:][-1:]]):
            for way in ways:
                point = Failpoint(table, event, number, way)
                yield PlannedRefusal(point, request, case.route, place, model, _in_words(change, model, models))


def _name(table: str, models: Mapping[str, Model]) -> str:
    return models[table].name if table in models else table


def _in_words(change: RecordedChange, model: str, models: Mapping[str, Model]) -> str:
    """What it was to do: ``create OrderLine 1: quantity=3``."""
    found = net_changes([change], models)
    line = listing(found)[0].split(" ", 1)[1] if found else f"{model} {change.key[0]!r}"
    return f"{_VERBS[change.kind]} {line}"


def refused(case: Case, plan: PlannedRefusal, allowed: Allowances, *, is_locked: bool) -> Iterator[Found]:
    """What is wrong with a request one of whose writes was refused."""
    what, do = _REFUSED[plan.failpoint.way], _DO[plan.failpoint.way]
    left = allowed.unallowed("failpoint-left-rows", allowed.unallowed("refusal-wrote", case.changes))
    where = next((node.where for node in case.observed.failed if node.where and node.model in (None, plan.model)), ())
    details = [
        f"{what} {plan.write}",
        *(f"at {line}" for line in where),
        *(f"left: {line}" for line in listing(left)[:_MOST]),
    ]
    if is_locked:
        yield Found("left-open", f"{case.outcome} after a refused write, and a transaction is open", do, (), details)
    elif case.is_success:
        yield Found(CHECKS[0], f"{case.outcome}, although {_how(plan)}", do, [plan.model], details)
    elif case.request.failure in _OUT_OF_PATIENCE:
        yield Found("failpoint-hung", f"{case.outcome} when {_how(plan)}", do, [plan.model], details)
    elif left:
        models = sorted({change.model for change in left})
        yield Found(
            "failpoint-left-rows",
            f"{case.outcome} when {_how(plan)}, and left what it had written before",
            do,
            models,
            details,
        )


def broke(plan: PlannedRefusal, error: str) -> Found:
    """The test passes no more once writes of its requests were refused."""
    return Found(
        "failpoint-broke",
        f"after refused writes the test fails: {error}",
        "give connections back, and forget what was cached, when a write fails",
        [plan.model],
    )


_REFUSED: Final = {
    "refuse": "the database refused to",
    "fail the commit": "the commit failed that was to",
    "lose the connection": "the connection was lost that was to",
}
_OUT_OF_PATIENCE: Final = frozenset({"raised ReadTimeout", "raised PoolTimeout"})
_VERBS: Final = {"insert": "create", "update": "update", "delete": "delete"}


def _how(plan: PlannedRefusal) -> str:
    """What failed, in words: ``the database refused to create OrderLine``."""
    return f"{_REFUSED[plan.failpoint.way]} {_VERBS[plan.failpoint.event]} {plan.model}"
