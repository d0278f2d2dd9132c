"""What the judge finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

CHECKS: Final[Mapping[str, str]] = {
    "refusal-wrote": "a 4xx or 5xx left changed rows",
    "read-wrote": "GET, HEAD or OPTIONS changed rows",
    "success-wrote-nothing": "a success that should have changed rows changed none",
    "answer-not-stored": "the answer shows what is not in the table",
    "node-failed-silently": "a node of DataFlow failed, and the answer is a success",
    "cut-by-default-limit": "nobody gave a list a limit, and DataFlow's default cut it",
    "other-tenant": "rows of another tenant than the request's were changed or shown",
    "left-open": "a transaction was left open",
    "failpoint-ignored": "a write was refused on purpose, and the answer is a success",
    "failpoint-left-rows": "a write was refused on purpose, and what the request had written before stays",
    "failpoint-hung": "a write was refused on purpose, and no answer came",
    "failpoint-broke": "after refused writes the test does not pass any more",
}
"""The checks by name, and what each finds."""


class Finding(TypedDict):
    """What one check found in one request. All texts are without secrets.

    test: its node id. route: method and path of the application's route, ``POST /orders/{order_id}``.
    request: method and URL. models: whose rows it is about; with check and route they say what is the same finding.
    what: what happened, one line. details: the rows. why: the cause, where it is known. do: what to do next.
    """

    test: str
    check: str
    route: str
    request: str
    models: list[str]
    what: str
    details: list[str]
    why: str | None
    do: str


class RouteFacts(TypedDict):
    """What a test shows of its routes, for what only the whole run can tell.

    wrote: routes that changed rows. silent: successes of a POST that changed none, which would be findings if their
        route changes rows otherwise.
    """

    wrote: list[str]
    silent: list[Finding]


class Verdict(TypedDict):
    """What the judge says of one test."""

    findings: list[Finding]
    routes: RouteFacts


Key = tuple[str, str, tuple[str, ...]]


def key_of(finding: Finding) -> Key:
    """By which findings are one: check, route and models."""
    return finding["check"], finding["route"], tuple(finding["models"])


def lines_of(finding: Finding) -> list[str]:
    """The finding in lines: what, the rows indented, why and what to do."""
    lines = [
        f"{finding['check']}: {finding['request']} {finding['what']}",
        *(f"  {line}" for line in finding["details"]),
    ]
    lines += [f"  why: {finding['why']}"] if finding["why"] else []
    return [*lines, f"  do:  {finding['do']}"]
