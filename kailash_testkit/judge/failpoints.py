"""Writes that are refused on purpose: which there are to be refused, and what a request must make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
_DO: Final = {
    "refuse": "look at each node's result, and write in one transaction (TransactionScopeNode)",
    "fail the commit": "let the error of a commit reach the client",
    "lose the connection": "let the error of a lost connection reach the client, and write in one transaction",
}
Key = tuple[str, str, Event, int, Way]


@dataclass(frozen=True)
class PlannedRefusal:
    """One write of a request, to be refused when the test runs again.

    place: which one of the request's writes of that kind to that table it is. write: in words.
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


def planned(
    cases: Sequence[Case],
    recorded: Sequence[RecordedChange],
    models: Mapping[str, Model],
    ways: Sequence[Way],
    allowed: Allowances,
) -> Iterator[PlannedRefusal]:
    """All writes of successful requests, without those to logs. recorded: since the test's own code began."""
    passed: Counter[tuple[str, Event]] = Counter()
    places: Counter[tuple[int, str, Event]] = Counter()
    of_request = {change.seq: case for case in cases if case.is_alone for change in case.recorded}
    for change in recorded:
        case = of_request.get(change.seq)
        kind = change.table, change.kind
        model = models[change.table].name if change.table in models else change.table
        if case is not None and case.is_success and not is_log(model) and not allowed.is_off(_IGNORED, case.route):
            place = (case.request.number, *kind)
            found = net_changes([change], models)
            write = listing(found)[0] if found else f"{change.kind} of {model} {change.key[0]!r}"
            for way in ways:
                point = Failpoint(change.table, change.kind, passed[kind], way)
                yield PlannedRefusal(point, case.request.number, case.route, places[place], model, write)
            places[place] += 1
        passed[kind] += 1


def refused(case: Case, plan: PlannedRefusal, allowed: Allowances, *, is_locked: bool) -> Iterator[Found]:
    """What is wrong with a request one of whose writes was refused."""
    what, do = _REFUSED[plan.failpoint.way], _DO[plan.failpoint.way]
    left = allowed.unallowed("failpoint-left-rows", allowed.unallowed("refusal-wrote", case.changes))
    details = [f"{what}: {plan.write}", *(f"left: {line}" for line in listing(left)[:_MOST])]
    if is_locked:
        yield Found("left-open", f"{case.outcome} after a refused write, and a transaction is open", do, (), details)
    elif case.is_success:
        yield Found(_IGNORED, f"{case.outcome}, although the database refused {_verb(plan)}", do, [plan.model], details)
    elif case.request.failure in _OUT_OF_PATIENCE:
        yield Found(
            "failpoint-hung", f"{case.outcome} when the database refused {_verb(plan)}", do, [plan.model], details
        )
    elif left:
        models = sorted({change.model for change in left})
        yield Found(
            "failpoint-left-rows",
            f"{case.outcome} when the database refused {_verb(plan)}, and left what it had written before",
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


_IGNORED: Final = "failpoint-ignored"
_REFUSED: Final = {
    "refuse": "refused",
    "fail the commit": "its commit failed",
    "lose the connection": "the connection was lost at",
}
_OUT_OF_PATIENCE: Final = frozenset({"raised ReadTimeout", "raised PoolTimeout"})
_VERBS: Final = {"insert": "to create", "update": "to update", "delete": "to delete"}


def _verb(plan: PlannedRefusal) -> str:
    return f"{_VERBS[plan.failpoint.event]} {plan.model}"
