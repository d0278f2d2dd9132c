"""Looks up the facts of a test, while its rows are still there."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest

from kailash_testkit.factories.random_seed import current_seed
from kailash_testkit.pytest_plugin.attribution import attribution, on_each_database
from kailash_testkit.pytest_plugin.failure_report.facts import (
    ColumnFacts,
    ExplanationFacts,
    Facts,
    RequestFacts,
    RowFacts,
    RowsFacts,
    counted,
    no_rows,
)
from kailash_testkit.pytest_plugin.judging.verdicts import VERDICT
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.changes.net import Change
    from kailash_testkit.explain import Explanation
    from kailash_testkit.kit import Kit

_LINES: Final = 12  # net changes that are reported one by one
_ROWS: Final = 100  # of one request, of what was seeded, of others


def collected(item: pytest.Item, call: pytest.CallInfo[Any], kits: Sequence[Kit]) -> Facts | None:
    """The facts; None when the test did nothing with any kit. Never raises: what goes wrong is among them."""
    error = call.excinfo.value if call.excinfo is not None else None
    facts = Facts(
        test=item.nodeid,
        phase=call.when,
        error="" if error is None else _message(error),
        replay=_replay(item),
        seed=current_seed(),
        database="",
        changes=[],
        more_changes=0,
        seeded=no_rows(),
        outside=no_rows(),
        outside_is_certain=True,
        requests=[],
        more_requests=0,
        failed_nodes=[],
        observed=[],
        open_transactions=[],
        gaps=[],
        waited=[],
        explanation=_explained(getattr(error, "explanation", None)),
        trouble=None,
        findings=item.stash[VERDICT]["findings"] if VERDICT in item.stash else [],
    )
    groups = on_each_database(kits)
    for beside in groups:
        try:
            _Database(beside, is_only=len(groups) == 1).add_to(facts, failed=error is not None)
        except Exception as trouble:  # named in the report, which must not fail with it
            facts["trouble"] = redact(f"{type(trouble).__name__}: {trouble}").splitlines()[0]
    rows = [facts["seeded"], facts["outside"]]
    seen = [facts["requests"], facts["failed_nodes"], facts["observed"], facts["open_transactions"], facts["gaps"]]
    told = [*seen, facts["changes"], facts["explanation"], facts["trouble"]]
    return facts if any(map(counted, rows)) or any(told) else None


class _Database:
    """One database under test. kits: those on it. is_only: whether no other is under test."""

    def __init__(self, kits: Sequence[Kit], *, is_only: bool) -> None:
        self._kits = kits
        self._sandbox = kits[0].sandbox
        self._is_only = is_only
        self._requests = [request for kit in kits for request in kit.timeline]

    def add_to(self, facts: Facts, *, failed: bool) -> None:
        """What was observed first: the journal may be hidden by an open transaction."""
        facts["database"] = facts["database"] or redact(self._kits[0].database.url)
        requests = [self._request(request, kit) for kit in self._kits for request in kit.timeline]
        facts["requests"] += requests
        facts["more_requests"] += sum(kit.timeline.count - len(kit.timeline) for kit in self._kits)
        for kit in self._kits:
            facts["failed_nodes"] += [str(failure) for failure in kit.explainer.failed_nodes()]
            facts["observed"] += dict.fromkeys(map(redact, [*kit.explainer.observed(), *map(str, kit.repeats)]))
        if failed and self._sandbox.database.is_locked():
            found = self._sandbox.database.open_transactions() or ["whose is not known"]
            facts["open_transactions"] += map(redact, found)
        facts["outside_is_certain"] &= self._positions_are_known and (self._is_only or not facts["requests"])
        self._add_changes(facts, requests)

    @property
    def _positions_are_known(self) -> bool:
        everything = sum(kit.timeline.count for kit in self._kits) == len(self._requests)
        return everything and all(request.first is not None for request in self._requests)

    def _add_changes(self, facts: Facts, requests: Sequence[RequestFacts]) -> None:
        from kailash_testkit.changes.net import net_changes
        from kailash_testkit.changes.report import described

        found = attribution(self._kits)
        changes = [change for change in net_changes(found.recorded, found.models) if change.is_reported]
        facts["changes"] += [line for change in changes[:_LINES] for line in described(change).splitlines()]
        facts["more_changes"] += max(0, len(changes) - _LINES)
        facts["gaps"] += map(redact, self._sandbox.gaps())
        _add(facts["seeded"], found.divided.seeded)
        _add(facts["outside"], found.divided.outside)
        for request, told in zip(self._requests, requests, strict=True):
            of_request = found.divided.by_request[request]
            if of_request is not None:
                _add(told["changed"], [(told["number"], change) for change in of_request])
                is_all = self._is_only and not facts["gaps"] and not facts["open_transactions"]
                told["rows"] = len(of_request) if of_request or is_all else None

    def _request(self, request: TimedRequest, kit: Kit) -> RequestFacts:
        others = [other for other in self._requests if other is not request and _overlap(request, other)]
        nodes = [failure for failure in kit.explainer.failed_nodes() if failure.request is request]
        repeated = map(str, kit.repeats.of(request))
        return RequestFacts(
            number=request.number,
            request=request.line(),
            status=request.status,
            failure=request.failure,
            recorded=request.recorded,
            seconds=request.seconds,
            task=request.task and redact(request.task),
            rows=None,
            changed=no_rows(),
            at_the_same_time=len(others),
            nodes=kit.explainer.nodes.of(request),
            failed_nodes=[f"{each.node}: {each.error}" for each in nodes],
            observed=[*dict.fromkeys(map(redact, [*kit.explainer.observed(request), *repeated]))],
        )


def _add(rows: RowsFacts, changes: Iterable[tuple[int, Change]]) -> None:
    from kailash_testkit.changes.report import columns, verb

    for after_request, change in changes:
        kind = verb(change)
        models = rows["counts"].setdefault(kind, {})
        models[change.model] = models.get(change.model, 0) + 1
        if len(rows["rows"]) == _ROWS:
            rows["more"] += 1
            continue
        told = [ColumnFacts(name=each.name, before=each.before, after=each.after) for each in columns(change)]
        row_id = redact(repr(change.id))
        rows["rows"].append(
            RowFacts(kind=kind, model=change.model, id=row_id, columns=told, after_request=after_request)
        )


def _message(error: BaseException) -> str:
    """The whole message, with the notes that Python shows below it."""
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return redact("\n".join([f"{type(error).__name__}: {error}", *notes]))


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
