"""The tables of ``docs/compatibility.md``, each between two comments that name it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cases import Case

PAGE: Final = Path(__file__).parents[2] / "docs" / "compatibility.md"
_CLOSING: Final = re.compile(r"^=* ?(\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s", re.MULTILINE)


def row_start(case: Case) -> str:
    """How the row of a case begins."""
    return f"| {case.package} | {_code(case.mode)} | "


def plugin_row(case: Case, version: str, passed: int, faults: Sequence[str]) -> str:
    """The row of a case that was tried."""
    result = "; ".join(faults) if faults else "pass"
    if case.recipe:
        result += f", [with a word](plugins.md#{case.recipe})"
    return f"{row_start(case)}{version} | {passed} | {result} |"


def run_row(label: str, *cells: str) -> str:
    """The row of what ran in one environment."""
    return f"| {' | '.join([label, *cells])} |"


def closing_words(output: str) -> str:
    """What the closing lines of pytest say, one for each session."""
    closing = [found.replace(" warnings", "") for found in _CLOSING.findall(output)]
    return " + ".join(closing) or "did not run"


def rows_of(name: str) -> list[str]:
    """The rows that a table has now, without its two lines of head."""
    return _table(PAGE.read_text(), name)[1].strip().splitlines()[2:]


def write(name: str, rows: Sequence[str]) -> None:
    """Puts rows in place of those of a table."""
    before, table, after = _table(PAGE.read_text(), name)
    head = table.strip().splitlines()[:2]
    PAGE.write_text(before + "\n".join([*head, *rows]) + "\n" + after)


def write_said(text: str) -> None:
    """Says what the plugins were tried with."""
    before, _, after = _table(PAGE.read_text(), "tried with")
    PAGE.write_text(f"{before}{text}\n{after}")


def _table(page: str, name: str) -> tuple[str, str, str]:
    found = re.search(rf"(.*<!-- {name} -->\n)(.*?)(<!-- end -->.*)", page, re.DOTALL)
    assert found, f"{PAGE.name} has no <!-- {name} -->"
    return found[1], found[2], found[3]


def _code(mode: str) -> str:
    return re.sub(r"(--[\w-]+(?: \w+)?)", r"`\1`", mode)
