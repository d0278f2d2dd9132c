"""The documentation site is made without a network, from every page and every public name, with no dead link."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import DOCS, PAGES, ROOT

import kailash_testkit

pytest.importorskip("sphinx", reason="sphinx is not installed")
pytestmark = pytest.mark.slow


def build(pages: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Does what `make docs` does."""
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^docs:.*\n\t\$\(BIN\)/python (.*) docs build/site$", makefile, re.MULTILINE)
    assert recipe
    command = [sys.executable, *recipe[1].split(), str(pages), str(site)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `make docs` makes."""
    folder = tmp_path_factory.mktemp("site")
    done = build(DOCS, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.parametrize("name", [name for name in kailash_testkit.__all__ if not name.startswith("__")])
def test_each_public_name_is_in_the_reference(site: Path, name: str) -> None:
    assert f'id="kailash_testkit.{name}"' in (site / "reference.html").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_each_page_is_in_it_and_in_its_contents(site: Path, page: Path) -> None:
    name = page.relative_to(DOCS).with_suffix(".html").as_posix()
    assert (site / name).exists()
    assert name == "index.html" or f'href="{name}"' in (site / "index.html").read_text() or name.startswith("errors/")


def test_it_can_be_searched(site: Path) -> None:
    assert '"failpoint' in (site / "searchindex.js").read_text()


def test_it_loads_nothing_from_a_network(site: Path) -> None:
    loads = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//[^"]*"')
    assert [found for page in site.rglob("*.html") for found in loads.findall(page.read_text())] == []


def test_a_dead_link_fails(tmp_path: Path) -> None:
    pages = tmp_path / "docs"
    shutil.copytree(DOCS, pages)
    dead = "[x](no_such_page.md)", "[x](factories.md#no-such-heading)"
    (pages / "first_hour.md").write_text("\n\n".join(["# The first hour", *dead, ""]))
    done = build(pages, tmp_path / "site")
    assert done.returncode != 0
    assert "first_hour.md:3: WARNING" in done.stderr
    assert "first_hour.md:5: WARNING" in done.stderr
