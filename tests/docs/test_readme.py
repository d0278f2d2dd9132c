"""The README is true: its example works as a project, and its links lead somewhere."""

from __future__ import annotations

import os
import sys

import pytest
from doc_blocks import PYTEST_OPTIONS, ROOT, broken_links, clean_environment, files_of, write

README = ROOT / "README.md"


def test_the_example_is_a_project_whose_test_passes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of(README)
    assert set(files) == {"tests/test_orders.py", "pyproject.toml", "shop/models.py", "shop/api.py"}
    write(pytester.path, files)
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)

    result = pytester.run(sys.executable, "-W", "error", "-m", "pytest", *PYTEST_OPTIONS, timeout=100)

    result.assert_outcomes(passed=1)
    assert result.stderr.str() == ""


def test_links_lead_somewhere() -> None:
    assert broken_links(README) == []
