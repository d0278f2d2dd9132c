"""What is known of a failed test: what it changed, its last requests, the nodes that failed, the database.

Looked up while the rows are still there. Only what JSON can hold, so that a pytest-xdist worker can send it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final, TypedDict

import pytest

from kailash_testkit.factories.random_seed import current_seed
from kailash_testkit.pytest_plugin.session import Session
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.explain import Explanation
    from kailash_testkit.kit import Kit

_MOST: Final = 12  # changes that are reported one by one
_REQUESTS: Final = 5


class RequestFacts(TypedDict):
    """One request. seconds, status and rows are None where they are not known.

    rows: None also where several databases are under test, since a position in one journal tells nothing of others.
    """

    number: int
    request: str
    status: int | None
    failure: str | None
    seconds: float | None
    task: str | None
    rows: int | None
    at_the_same_time: int


class ExplanationFacts(TypedDict):
    """An `Explanation`."""

    cause: str
    certain: bool
    summary: str
    evidence: list[str]
    unknown: list[str]
    cure: str | None


class Facts(TypedDict):
    """One failed test. changes: lines; more_changes: how many rows they leave out.

    observed: lists that a default limit cut, and calls that were never awaited.
    """

    test: str
    phase: str
    error: str
    replay: str
    seed: int
    database: str
    changes: list[str]
    more_changes: int
    requests: list[RequestFacts]
    more_requests: int
    failed_nodes: list[str]
    observed: list[str]
    explanation: ExplanationFacts | None
    trouble: str | None


def collected(item: pytest.Item, call: pytest.CallInfo[Any], kits: list[Kit], session: Session) -> Facts | None:
    """The facts; None when the test did nothing with any kit. Never raises: what goes wrong is among them."""
    error = call.excinfo.value if call.excinfo is not None else None
    facts = Facts(
        test=item.nodeid,
        phase=call.when,
        error=redact(f"{type(error).__name__}: {error}").splitlines()[0],
        replay=_replay(item),
        seed=current_seed(),
        database="",
        changes=[],
        more_changes=0,
        requests=[],
        more_requests=0,
        failed_nodes=[],
        observed=[],
        explanation=_explained(getattr(error, "explanation", None)),
        trouble=None,
    )
    is_only = len({id(kit.sandbox) for kit in kits}) == 1
    for kit in kits:
        beside = [each for each in kits if each.sandbox is kit.sandbox]
        try:
            _add(facts, kit, beside, is_only=is_only)
        except Exception as trouble:  # named in the report, which must not fail with it
            facts["trouble"] = redact(f"{type(trouble).__name__}: {trouble}").splitlines()[0]
    used = [facts["changes"], facts["requests"], facts["failed_nodes"], facts["observed"], facts["explanation"]]
    return facts if any(used) or facts["trouble"] else None


def _add(facts: Facts, kit: Kit, beside: list[Kit], *, is_only: bool) -> None:
    """beside: the kits on the same database, that one among them; its changes are reported with the first.

    is_only: whether no other database is under test.
    """
    from kailash_testkit.changes.net import net_changes
    from kailash_testkit.changes.report import described

    recorded = kit.sandbox.written() if kit is beside[0] else []
    models = {table: model for each in reversed(beside) for table, model in each.store.models_by_table().items()}
    changes = [change for change in net_changes(recorded, models) if change.is_reported]
    facts["database"] = facts["database"] or redact(kit.database.url)
    facts["changes"] += [line for change in changes[:_MOST] for line in described(change).splitlines()]
    facts["more_changes"] += max(0, len(changes) - _MOST)
    requests = [*kit.timeline][-_REQUESTS:]
    facts["requests"] += [_request(request, kit, is_only=is_only) for request in requests]
    facts["more_requests"] += kit.timeline.count - len(requests)
    facts["failed_nodes"] += kit.explainer.failed_nodes()
    facts["observed"] += dict.fromkeys(map(redact, kit.explainer.observed()))


def _request(request: TimedRequest, kit: Kit, *, is_only: bool) -> RequestFacts:
    rows: int | None = None
    if is_only and request.first is not None and request.last is not None:
        rows = len({(each.table, each.key) for each in kit.sandbox.written() if request.covers(each.seq)})
    others = [other for other in kit.timeline if other is not request and _overlap(request, other)]
    return RequestFacts(
        number=request.number,
        request=request.line(),
        status=request.status,
        failure=request.failure,
        seconds=request.seconds,
        task=request.task and redact(request.task),
        rows=rows,
        at_the_same_time=len(others),
    )


def _overlap(one: TimedRequest, other: TimedRequest) -> bool:
    if one.last is None or other.last is None or one.first is None or other.first is None:
        return False
    return one.first < other.last and other.first < one.last


def _explained(explanation: Explanation | None) -> ExplanationFacts | None:
    if explanation is None:
        return None
    return ExplanationFacts(
        cause=explanation.cause.value,
        certain=explanation.certain,
        summary=explanation.summary,
        evidence=[*explanation.evidence],
        unknown=[*explanation.unknown],
        cure=explanation.cure,
    )


def _replay(item: pytest.Item) -> str:
    given: str | None = item.config.getoption("testkit_database", None)
    kind = f" --testkit-database={given}" if given and "://" not in given else ""  # a URL may hold a password
    return f"pytest {shlex.quote(item.nodeid)}{kind} --testkit-seed={current_seed()}"
