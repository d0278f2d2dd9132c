"""The API reference is made from the docstrings, without a network."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from doc_blocks import ROOT

import kailash_testkit

pytest.importorskip("pdoc", reason="pdoc is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page that `make docs` makes."""
    folder = tmp_path_factory.mktemp("reference")
    recipe = re.search(r"^docs:.*\n\t\$\(BIN\)/(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    arguments = recipe[1].replace("'", "").split()
    assert arguments[0] == "pdoc"
    command = [sys.executable, "-W", "error", "-m", *arguments]
    command[command.index("-o") + 1] = str(folder)
    subprocess.run(command, cwd=ROOT, check=True, timeout=100)
    return (folder / "kailash_testkit.html").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", kailash_testkit.__all__)
def test_each_public_name_is_in_it(reference: str, name: str) -> None:
    assert f'id="{name}"' in reference


def test_it_loads_nothing_from_a_network(reference: str) -> None:
    assert re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//[^"]*"', reference) == []
