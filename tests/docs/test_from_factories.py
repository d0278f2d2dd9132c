"""The table of other factories names tests that there are."""

from __future__ import annotations

import re
from functools import cache

from doc_blocks import DOCS, ROOT

ROWS = re.findall(r"^\| .+ \| .+ \| .+ \| (.+) \|$", (DOCS / "from_factories.md").read_text("utf-8"), re.MULTILINE)
NAMED = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<test>test_\w+)`")


@cache
def named_in(file: str) -> frozenset[str]:
    return frozenset(
        re.findall(r"^(?:async )?def (test_\w+)\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)
    )


def test_each_row_names_a_test_that_there_is() -> None:
    rows = [row for row in ROWS if row not in ("Tried by", "---|---")]
    assert len(rows) > 40
    missing = [
        found[0]
        for row in rows
        for found in [list(NAMED.finditer(row)) or row]
        if isinstance(found, str) or any(one["test"] not in named_in(one["file"]) for one in found)
    ]
    assert missing == []
