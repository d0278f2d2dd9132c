"""Write coverage in words, a line for each finding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kailash_testkit.text import comma_join, some
from kailash_testkit.write_coverage.results import ROW, Column, WriteCoverage

_MOST_TESTS = 1


def lines(found: WriteCoverage, *, verbose: bool = False) -> list[str]:
    """What nobody looked at, models never written, requests that nobody checked, and the sum.

    verbose: names all tests.
    """
    if not found.columns:
        return ["no request of a test wrote anything"]
    told = [*_never(found, verbose), *_only_in_answer(found), *_unchecked(found, verbose)]
    if found.never_written:
        told.append(f"never written by a request: {comma_join(found.never_written)}")
    if found.outside:
        told.append(f"not counted: {some(found.outside, 'change')} outside of requests, by no verb of the kit")
    return [*told, total(found)]


def total(found: WriteCoverage) -> str:
    """The sum in one line."""
    counted = found.counted
    covered = sum(each.is_covered for each in counted)
    return f"write coverage: {found.percent:.0f} % ({covered} of {some(len(counted), 'written column')} looked at)"


def _never(found: WriteCoverage, verbose: bool) -> list[str]:
    told: list[str] = []
    for model in dict.fromkeys(each.model for each in found.columns):
        own = [each for each in found.columns if each.model == model]
        blind = [kind for kind in dict.fromkeys(each.kind for each in own) if _is_blind(own, kind)]
        for kind in blind:
            row = next(each for each in own if each.kind == kind and each.name == ROW)
            of_kind = [each.name for each in own if each.kind == kind and each.name != ROW]
            told.append(_line(model, kind, row, verbose, f" ({comma_join(of_kind)})" if of_kind else ""))
        names = dict.fromkeys(each.name for each in own if each.name != ROW and each.kind not in blind)
        for name in names:
            of_name = [each for each in own if each.name == name and each.kind not in blind]
            missed = [each for each in of_name if not each.is_covered]
            if missed:
                kind = "written" if len(missed) == len(of_name) else missed[0].kind
                told.append(_line(f"{model}.{name}", kind, _sum(missed), verbose))
    return told


def _is_blind(own: Sequence[Column], kind: str) -> bool:
    """Whether nobody looked at anything that this kind of change did: not even that it happened."""
    return not any(each.is_covered for each in own if each.kind == kind)


def _sum(columns: Sequence[Column]) -> Column:
    first = columns[0]
    tests = [test for each in columns for test in each.tests]
    return Column(
        first.model, first.kind, first.name, sum(each.written for each in columns), 0, 0, [*dict.fromkeys(tests)]
    )


def _line(what: str, verb: str, column: Column, verbose: bool, names: str = "") -> str:
    times = f"{verb} {some(column.written, 'time')} in {some(len(column.tests), 'test')}, never looked at{names}"
    return f"{what}  {times}; {_tests(column.tests, verbose)}"


def _only_in_answer(found: WriteCoverage) -> list[str]:
    told = [f"{each.model}.{each.name}" for each in found.columns if each.name != ROW and _is_echo(each)]
    told = [*dict.fromkeys(told)]
    if not told:
        return []
    return [f"seen only in the answer of the request that wrote it, which may be an echo: {comma_join(told)}"]


def _is_echo(column: Column) -> bool:
    return column.in_own_answer > 0 and not column.looked


def _unchecked(found: WriteCoverage, verbose: bool) -> list[str]:
    return [
        f"{route.route}  in {len(route.unchecked)} of {some(route.requests, 'request')} nobody looked at what it "
        f"changed ({route.changed}); {_tests([*dict.fromkeys(route.unchecked)], verbose)}"
        for route in found.routes
        if route.unchecked
    ]


def _tests(tests: Sequence[str], verbose: bool) -> str:
    shown = tests if verbose else tests[:_MOST_TESTS]
    more = f" and {len(tests) - len(shown)} more" if len(tests) > len(shown) else ""
    return f"{comma_join(shown)}{more}"


def as_json(found: WriteCoverage) -> dict[str, Any]:
    """The whole as JSON."""
    return {
        "version": 1,
        "percent": round(found.percent, 2),
        "columns": [
            {
                "model": each.model,
                "kind": each.kind,
                "column": each.name or None,
                "written": each.written,
                "looked_at": each.looked,
                "only_in_own_answer": each.in_own_answer,
                "tests": each.tests,
            }
            for each in found.columns
        ],
        "routes": [
            {"route": each.route, "requests": each.requests, "changed": each.changed, "unchecked_in": each.unchecked}
            for each in found.routes
        ],
        "models_never_written": found.never_written,
        "changes_outside_of_requests": found.outside,
    }
