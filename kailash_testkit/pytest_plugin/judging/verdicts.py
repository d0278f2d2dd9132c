"""The verdict on a test: what its requests did is gathered while the rows are still there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pytest

from kailash_testkit.judge.findings import Finding, RouteFacts, Verdict
from kailash_testkit.pytest_plugin.attribution import attribution, on_each_database
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.judge.allowances import Allowances
    from kailash_testkit.judge.cases import Case, Ledger
    from kailash_testkit.kit import Kit

VERDICT: pytest.StashKey[Verdict] = pytest.StashKey()


def verdict_on(test: str, kits: Sequence[Kit], allowed: Allowances) -> Verdict:
    """What the judge finds in the requests of a test. test: its node id."""
    groups = on_each_database(kits)
    called = [group for group in groups if any(len(kit.timeline) for kit in group)]
    verdicts = [_verdict(test, group, allowed, is_only=len(groups) == 1) for group in called]
    return Verdict(
        findings=[finding for each in verdicts for finding in each["findings"]],
        routes=RouteFacts(
            wrote=[route for each in verdicts for route in each["routes"]["wrote"]],
            silent=[finding for each in verdicts for finding in each["routes"]["silent"]],
        ),
    )


def _verdict(test: str, kits: Sequence[Kit], allowed: Allowances, *, is_only: bool) -> Verdict:
    """Of one database; what is recorded of it is all there is if no other is under test."""
    from kailash_testkit.judge.cases import SAFE
    from kailash_testkit.judge.judging import judged

    writes = any(request.method not in SAFE for kit in kits for request in kit.timeline)
    if writes and kits[0].sandbox.database.is_locked():
        return _left_open(test, kits, allowed)
    found, ledger = cases_of(kits, is_only=is_only)
    return judged(test, found, ledger, allowed, partial(_why_absent, kits))


def _why_absent(kits: Sequence[Kit], name: str, row_id: object) -> str | None:
    """The cause that `explain` knows at once."""
    for kit in kits:
        model = next((model for model in kit.store.models_by_table().values() if model.name == name), None)
        if model is not None:
            return kit.explainer.at_once(model, row_id).why
    return None


def cases_of(kits: Sequence[Kit], *, is_only: bool) -> tuple[list[Case], Ledger]:
    """The requests of a test on one database, with what they changed. is_only: no other is under test."""
    from kailash_testkit.judge.cases import Ledger, cases
    from kailash_testkit.judge.observing import observed

    sandbox = kits[0].sandbox
    found = attribution(kits)
    is_complete = is_only and not sandbox.gaps()
    of_requests = cases(
        found.requests,
        found.divided,
        found.models,
        partial(observed, [kit.explainer for kit in kits]),
        is_complete=is_complete,
    )
    return of_requests, Ledger(found.models, found.recorded, sandbox.database)


def _left_open(test: str, kits: Sequence[Kit], allowed: Allowances) -> Verdict:
    """A transaction is open: it may hide what requests changed, so that nothing else is said."""
    from kailash_testkit.judge.cases import SAFE, Case

    requests = [request for kit in kits for request in kit.timeline if not request.is_websocket]
    writing = [request for request in requests if request.method not in SAFE] or requests
    case = Case(writing[-1], (), (), is_alone=False, is_known=False, may_write_later=False)
    whose = "" if len(requests) == 1 else ", by this request or another of the test"
    finding = Finding(
        test=test,
        check="left-open",
        route=case.route,
        request=case.request.line(),
        models=[],
        what=f"{case.outcome}, and a transaction is open after it{whose}",
        details=[redact(line) for line in kits[0].sandbox.database.open_transactions()],
        why="nobody else sees what was written in it, and others wait for its locks",
        do="commit or roll back before the response ends: async with, or a finally",
    )
    is_off = allowed.is_off("left-open", case.route)
    return Verdict(findings=[] if is_off else [finding], routes=RouteFacts(wrote=[], silent=[]))
