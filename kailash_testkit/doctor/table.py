"""The diagnosis as text: a table of what is lost, one of what changes its form, and advice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.doctor.diagnosis import Diagnosis, Finding

_HEAD: Final = ("field", "declared", "goes in", "comes back", "do")
_WIDEST: Final = (32, 24, 28, 44, 200)


def text(diagnosis: Diagnosis) -> str:
    """All of it, without colours."""
    lost = [finding for finding in diagnosis.findings if finding.loss and not finding.accepted]
    accepted = [finding for finding in diagnosis.findings if finding.loss and finding.accepted]
    formed = [finding for finding in diagnosis.findings if not finding.loss]
    parts = [f"{diagnosis.tried} values were stored and read back on {diagnosis.database}"]
    if lost:
        parts.append("\n".join(["LOST: refused, altered, or stored with an exception", *_table(lost)]))
    if accepted:
        parts.append("\n".join(["lost, and accepted", *_table(accepted)]))
    if formed:
        parts.append("\n".join(["comes back in another form (the kit's rows have the declared type)", *_table(formed)]))
    if diagnosis.untried:
        parts.append("\n".join(["not tried, the kit has no value of the type:", *_indented(diagnosis.untried)]))
    for one in sorted(diagnosis.advice, key=lambda advice: not advice.bites):
        mark = "SETTING" if one.bites else "setting"
        parts.append(f"{mark}: {one.what}\n  why: {one.why}\n  do:  {one.do}")
    if diagnosis.is_healthy:
        parts.append("nothing is lost")
    return "\n\n".join(parts) + "\n"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _table(findings: Sequence[Finding]) -> list[str]:
    """A line for what happens to a value of a type, with the fields to which it happens."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        alike.setdefault(_cells(finding), []).append(finding)
    rows = [_HEAD, *((_fields(found), *cells) for cells, found in alike.items())]
    widths = [min(_WIDEST[place], max(len(row[place]) for row in rows)) for place in range(len(_HEAD))]
    return [
        "  " + "  ".join(_cell(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _cell(text: str, width: int) -> str:
    return (text if len(text) <= width else f"{text[: width - 3]}...").ljust(width)


def _fields(findings: Sequence[Finding]) -> str:
    first = f"{findings[0].model}.{findings[0].field}"
    return first if len(findings) == 1 else f"{first} and {len(findings) - 1} more"


def _cells(finding: Finding) -> tuple[str, ...]:
    more = f" (+{finding.more})" if finding.more else ""
    back = finding.comes_back.splitlines()[0]
    told = f"{finding.outcome}: {back}" if finding.loss else back
    return (finding.declared, finding.goes_in + more, told, finding.cure)
