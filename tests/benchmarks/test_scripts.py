"""The benchmarks in a tiny form: they measure what they say, whatever the figures are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from measuring import COLLECTED_IN, SCRIPT, Report, read_reports

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def measured(folder: Path, script: str, *arguments: str) -> list[Report]:
    """Runs a script; what it reported."""
    file = folder / "figures.jsonl"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TESTKIT_"))}
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        env={**environment, COLLECTED_IN: str(file), SCRIPT: script},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [report for _, report in read_reports(file)]


@pytest.mark.slow
def test_every_way_passes_the_same_tests(tmp_path: Path) -> None:
    arguments = ["--rounds", "1", "--tests", "6", "--kinds", "sqlite", "--processes", "1"]
    whole, alone = measured(tmp_path, "four_ways/run.py", *arguments)
    assert whole.title == "6 tests of 20 models, sqlite, one process"
    assert len(whole.figures) == len(alone.figures) == 6


@pytest.mark.slow
def test_scaling_measures_each_dimension(tmp_path: Path) -> None:
    reports = measured(tmp_path, "scaling.py", "--small", "--kinds", "sqlite")
    titles = " ".join(report.title for report in reports)
    for dimension in ("by rows", "by models", "by inserted rows", "by its place", "holds"):
        assert dimension in titles


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "arguments"),
    [("create.py", ["1"]), ("generate.py", ["3"]), ("judge.py", ["1", "3"]), ("explore.py", ["1"]), ("asgi.py", ["1"])],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_script_runs_alone(tmp_path: Path, script: str, arguments: list[str]) -> None:
    for report in measured(tmp_path, script, *arguments):
        assert list(report.lines())
