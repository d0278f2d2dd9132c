"""`judged`: what the checks find in a test's requests, and `of_run`: what only the whole run can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.judge.cases import Case, Ledger
from kailash_testkit.judge.checks import ALL, Found
from kailash_testkit.judge.findings import Finding, Key, RouteFacts, Verdict, key_of
from kailash_testkit.redaction import redact

Explain = Callable[[str, object], str | None]
"""Says why there is no row of that model with that id, as far as it is known."""


def judged(test: str, cases: Sequence[Case], ledger: Ledger, allowed: Allowances, explain: Explain) -> Verdict:
    """The verdict on one test. test: its node id. cases: in their order."""
    findings: dict[Key, Finding] = {}
    silent: dict[Key, Finding] = {}
    wrote: dict[str, None] = {}
    for case in cases:
        if case.recorded and case.is_success:
            wrote[case.route] = None
        for found in _found(case, ledger, allowed):
            if _is_repeated(found, case, cases):
                continue
            if found.absent is not None and found.why is None:
                found = replace(found, why=explain(*found.absent))
            finding = finding_of(test, case, found)
            into = silent if found.only_if_route_writes else findings
            into.setdefault(key_of(finding), finding)
    return Verdict(findings=[*findings.values()], routes=RouteFacts(wrote=[*wrote], silent=[*silent.values()]))


def of_run(routes: Iterable[RouteFacts]) -> list[Finding]:
    """The findings of a run that no single test could tell: silent successes of routes that change rows otherwise."""
    facts = [*routes]
    wrote = {route for each in facts for route in each["wrote"]}
    return [finding for each in facts for finding in each["silent"] if finding["route"] in wrote]


def _found(case: Case, ledger: Ledger, allowed: Allowances) -> Iterator[Found]:
    for check in ALL:
        for found in check(case, ledger, allowed):
            if not allowed.leave_out(found.check, case.route, found.models):
                yield found


def _is_repeated(found: Found, case: Case, cases: Sequence[Case]) -> bool:
    """Whether the test had sent the same before, with success: what is done already leaves nothing to do."""
    if found.check != "success-wrote-nothing":
        return False
    one = case.request
    return any(
        (other.request.method, other.request.path, other.request.sent) == (one.method, one.path, one.sent)
        and other.is_success
        and other.recorded
        and other.request.number < one.number
        for other in cases
    )


def finding_of(test: str, case: Case, found: Found) -> Finding:
    """What a check found in a case, without secrets."""
    return Finding(
        test=test,
        check=found.check,
        route=case.route,
        request=case.request.line(),
        models=[*found.models],
        what=redact(found.what),
        details=[redact(line) for line in found.details],
        why=None if found.why is None else redact(found.why),
        do=found.do,
    )
