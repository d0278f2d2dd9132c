"""The form of explanations, and their page."""

from __future__ import annotations

from pathlib import Path

import pytest

from kailash_testkit import Cause, Explanation

PAGE = Path(__file__).parents[2] / "docs" / "missing_rows.md"


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_is_on_the_page(cause: Cause) -> None:
    assert f"| `{cause.name}` |" in PAGE.read_text()


def test_what_is_likely_is_not_said_to_be_certain() -> None:
    told = Explanation(
        Cause.NOT_COMMITTED,
        "a transaction is open",
        ["held by x"],
        ["whether it wrote the row"],
        "commit",
        certain=False,
    )
    assert str(told) == (
        "most likely not committed: a transaction is open\n"
        "  held by x\n"
        "  not known: whether it wrote the row\n"
        "  do:  commit"
    )
