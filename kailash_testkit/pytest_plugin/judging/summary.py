"""What is said of the judge's findings at the end of a session: a line for each kind, route and model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from kailash_testkit.judge.findings import Finding, Key, key_of, lines_of


def grouped(findings: Iterable[Finding]) -> dict[Key, list[Finding]]:
    """The findings that are the same, in the order of checks and routes."""
    groups: dict[Key, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key_of(finding), []).append(finding)
    return dict(sorted(groups.items()))


def summary(findings: Sequence[Finding], known: Collection[Key], *, verbose: bool = False) -> list[str]:
    """The lines. known: what the baseline accepts, which is only counted. verbose: with rows, cause and cure."""
    groups = grouped(findings)
    lines: list[str] = []
    for key, same in groups.items():
        if key not in known:
            lines += _lines(same, verbose=verbose)
    accepted = sum(key in known for key in groups)
    if accepted:
        lines.append(f"{accepted} known, in the baseline")
    if lines and not verbose and accepted < len(groups):
        lines.append("-v shows rows, cause and cure; --testkit-report and --testkit-html write them into a file")
    return lines


def _lines(same: Sequence[Finding], *, verbose: bool) -> list[str]:
    first = same[0]
    tests = [*dict.fromkeys(finding["test"] for finding in same)]
    more = f" and {len(tests) - 1} more" if tests[1:] else ""
    models = f" ({', '.join(first['models'])})" if first["models"] else ""
    line = f"{first['check']}  {first['route']}{models}: {first['what']}; {tests[0]}{more}"
    return [line, *(f"  {each}" for each in lines_of(first)[1:])] if verbose else [line]
