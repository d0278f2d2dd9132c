"""The table of docs/isolation.md and the attacks that it names agree."""

from __future__ import annotations

import re

from attack_lists import KINDS
from doc_blocks import DOCS

ROWS = re.findall(
    r"^\| ([^|]+) \| (undone|named|refused)[^|]* \| ([^|]+) \|$", (DOCS / "isolation.md").read_text(), re.MULTILINE
)
ATTACKS = {attack.name: attack.verdict for each in KINDS.values() for attack in (*each.attacks, *each.slow)}


def test_each_line_is_tried_and_has_the_verdict_of_its_attacks() -> None:
    assert len(ROWS) >= 10
    for line, verdict, tried in ROWS:
        names = re.findall(r"`([^`]+)`", tried)
        assert names, line
        assert {name: ATTACKS.get(name) for name in names} == dict.fromkeys(names, verdict), line
