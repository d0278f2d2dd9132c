"""``kailash-testkit guide`` prints the rules; ``llms.txt`` lists every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kailash_testkit.command_line.documentation import documentation
from kailash_testkit.command_line.guide import guide
from kailash_testkit.command_line.main import main

DOCS = Path(__file__).parents[2] / "docs"


def test_it_prints_the_guide(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(guide())
    assert printed.endswith(f"The pages are in {documentation()}; llms.txt there lists them\n")


def test_it_is_short_enough_for_a_context() -> None:
    assert len(guide()) < 6000


def test_llms_txt_lists_every_page() -> None:
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (DOCS / "llms.txt").read_text()))
    assert listed == {page.name for page in DOCS.glob("*.md")} - {"index.md"}
