"""The tables of docs/isolation.md and the attacks that they name agree."""

from __future__ import annotations

import re

import pytest
from attack_lists import KINDS
from doc_blocks import DOCS

SECTIONS: dict[str, str] = dict(
    re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", (DOCS / "isolation.md").read_text(), re.MULTILINE | re.DOTALL)
)
HEADINGS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB and MySQL"}


@pytest.mark.parametrize("kind", [*HEADINGS])
def test_each_line_is_tried_and_has_the_verdict_of_its_attacks(kind: str) -> None:
    lists = [attacked for name, attacked in KINDS.items() if name.split()[0] == kind]
    verdicts = {attack.name: attack.verdict for each in lists for attack in (*each.attacks, *each.slow)}
    rows = re.findall(
        r"^\| ([^|]+) \| (undone|named|refused)[^|]* \| ([^|]+) \|$", SECTIONS[HEADINGS[kind]], re.MULTILINE
    )
    assert len(rows) >= 10
    for line, verdict, tried in rows:
        names = re.findall(r"`([^`]+)`", tried)
        assert names, line
        assert {name: verdicts.get(name) for name in names} == dict.fromkeys(names, verdict), line
