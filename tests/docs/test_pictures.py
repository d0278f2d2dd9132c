"""The pictures of pages show what the kit prints today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from doc_blocks import ROOT, write
from packaging.version import Version
from warm_python import WarmPython


@pytest.fixture
def pictures() -> ModuleType:
    """The script that makes them."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "site/pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = [*sys.path]
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.mark.skipif(Version(pytest.__version__) < Version("9"), reason="the picture is one of pytest 9")
def test_the_failing_test_of_the_readme(tmp_path: Path, warm_python: WarmPython, pictures: ModuleType) -> None:
    write(tmp_path, pictures.project())
    done = warm_python.run(*pictures.COMMAND, folder=tmp_path, environment=pictures.environment())
    printed = [pictures.text_of(line).rstrip() for line in pictures.shown(done.stdout)]
    pictured = [line.rstrip() for line in pictures.text_in(pictures.PICTURE.read_text())]
    assert pictured == printed, "make pictures makes it again"
    assert "E   kailash_testkit.errors.UnexpectedChanges: the database did not change as expected" in pictured


def test_what_a_terminal_colours_is_coloured(pictures: ModuleType) -> None:
    picture = pictures.svg(["\x1b[1m\x1b[31mE  a < b\x1b[0m & c"])
    assert pictures.text_in(picture) == ["E  a < b & c"]
    assert 'fill="#ff7b72">E  a &lt; b</tspan>' in picture
    assert 'fill="#e6edf3"> &amp; c</tspan>' in picture
