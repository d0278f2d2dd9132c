"""What the pages show of reports and of the command line's output is what the kit prints."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from doc_blocks import DOCS, PYTEST_OPTIONS, ROOT, agrees, clean_environment, files_of, write
from warm_python import WarmPython

EXPLORING = ("tests/test_explored.py", "tests/test_settings.py", "tests/test_each_operation.py")


def shown(page: Path) -> list[str]:
    """The lines of the page's first block of output."""
    block = re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)[0]
    lines: list[str] = block.rstrip().splitlines()
    return lines


def run(python: WarmPython, folder: Path, page: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a module in the project of a page, which has the settings of the README."""
    write(folder, files_of(ROOT / "README.md") | files_of(page))
    environment = clean_environment() | {"PYTHONPATH": f".:{ROOT}"}
    return python.run("-m", *arguments, folder=folder, environment=environment)


def assert_agrees(documented: list[str], printed: list[str]) -> None:
    for expected, line in zip(documented, printed, strict=True):
        assert agrees(expected, line) or agrees(re.sub(" +", " ", expected), re.sub(" +", " ", line)), line


def test_the_report_of_a_failed_test(tmp_path: Path, warm_python: WarmPython) -> None:
    page = DOCS / "failure_report.md"
    done = run(warm_python, tmp_path, page, "pytest", *PYTEST_OPTIONS, "tests/test_customers.py")
    found = re.search(r"^-+ kailash-testkit -+\n.*?(?=^=)", done.stdout, re.MULTILINE | re.DOTALL)
    assert found, done.stdout
    assert_agrees(shown(page), found[0].rstrip().splitlines())


def test_the_findings_of_the_judge(tmp_path: Path, warm_python: WarmPython) -> None:
    page = DOCS / "judge.md"
    done = run(warm_python, tmp_path, page, "pytest", *PYTEST_OPTIONS, "tests/test_orders.py")
    found = re.search(r"^=+ kailash-testkit: .*?(?=^=+ .*passed)", done.stdout, re.MULTILINE | re.DOTALL)
    assert found, done.stdout
    assert_agrees(shown(page), list(filter(None, found[0].splitlines())))


@pytest.mark.slow
def test_the_lines_of_write_coverage(tmp_path: Path, warm_python: WarmPython) -> None:
    page = DOCS / "write_coverage.md"
    done = run(
        warm_python, tmp_path, page, "pytest", *PYTEST_OPTIONS, "--testkit-coverage=term", "tests/test_orders.py"
    )
    found = re.search(r"^=+ kailash-testkit: write coverage.*?(?=^=+ .*)", done.stdout, re.MULTILINE | re.DOTALL)
    assert found, done.stdout
    assert_agrees(shown(page), list(filter(None, found[0].splitlines())))


def test_the_doctors_table(tmp_path: Path, warm_python: WarmPython) -> None:
    page = DOCS / "command_line.md"
    done = run(warm_python, tmp_path, page, "kailash_testkit.command_line", "doctor", "shop.models:db")
    assert done.returncode == 1, done.stderr
    assert_agrees(shown(page), done.stdout.rstrip().splitlines())


@pytest.mark.slow
def test_the_page_of_explorations(tmp_path: Path, warm_python: WarmPython) -> None:
    done = run(warm_python, tmp_path, DOCS / "explore.md", "pytest", *PYTEST_OPTIONS, *EXPLORING)
    assert "3 passed" in done.stdout, done.stdout
