"""The kit beside each plugin that is installed here; ``make compatibility`` tries them all."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cases import CASES, Case
from sessions import missing, run
from tables import PAGE, row_start
from warm_python import WarmPython

_KEEPS_ROWS = """
@pytest.mark.testkit(isolation="none")
def test_that_leaves_a_row(kit):
    items.create_sync(name="left for good")
"""


def outcome_of(case: Case, folder: Path, python: WarmPython) -> list[str]:
    """What was not as it should be."""

    def warm(arguments: list[str], where: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return python.run(*arguments, folder=where, environment=environment)

    outcome = run(case, folder, warm)
    print(outcome.output)  # for the report, should the test fail
    return outcome.faults


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_suite_passes_and_nothing_is_left_of_a_test(case: Case, tmp_path: Path, warm_python: WarmPython) -> None:
    absent = missing(case)
    if absent is not None:
        pytest.skip(f"{absent} is not installed: make compatibility tries it")
    assert outcome_of(case, tmp_path, warm_python) == []


@pytest.mark.slow
def test_a_row_that_is_left_would_be_seen(tmp_path: Path, warm_python: WarmPython) -> None:
    (fault, *_) = outcome_of(Case("pytest-asyncio", tests=_KEEPS_ROWS), tmp_path, warm_python)
    assert "'failed'" in fault


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_page_has_a_row_for_it(case: Case) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(row_start(case))]
    assert len(rows) == 1, f"run make compatibility: {PAGE.name} has {len(rows)} rows for {case}"


def test_each_recipe_is_on_the_page_of_plugins() -> None:
    headings = {line.removeprefix("## ") for line in PAGE.with_name("plugins.md").read_text().splitlines()}
    assert {case.recipe for case in CASES if case.recipe} <= headings
