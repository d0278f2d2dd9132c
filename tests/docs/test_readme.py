"""The README is true: its example works as a project, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from doc_blocks import PYTEST_OPTIONS, ROOT, broken_links, clean_environment, files_of, write
from warm_python import WarmPython

from kailash_testkit import Cause

README = ROOT / "README.md"


def test_the_example_is_a_project_whose_test_passes(tmp_path: Path, warm_python: WarmPython) -> None:
    files = files_of(README)
    assert set(files) == {"tests/test_orders.py", "pyproject.toml", "shop/models.py", "shop/api.py"}
    write(tmp_path, files)
    command = ("-W", "error", "-m", "pytest", *PYTEST_OPTIONS)
    done = warm_python.run(*command, folder=tmp_path, environment=clean_environment())
    assert re.search(r"^=+ 1 passed in [\d.]+s =+$", done.stdout, re.MULTILINE), done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_the_number_of_causes_is_theirs() -> None:
    causes = set(Cause) - {Cause.VISIBLE, Cause.UNDECIDED}
    assert "of [twenty](docs/missing_rows.md)" in README.read_text()
    assert len(causes) == 20
    page = (ROOT / "docs/missing_rows.md").read_text()
    assert {cause.name for cause in Cause} == set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))


def test_links_lead_somewhere() -> None:
    assert broken_links(README) == []
