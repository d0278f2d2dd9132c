"""The README's links on a package index."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="hatchling is not installed")
TEXT = "[docs](docs/pytest.md#x) [there](https://example.org/) [here](#what) ![page](docs/images/page.svg)"


@pytest.fixture
def links() -> Callable[[str, str | None], str]:
    spec = importlib.util.spec_from_file_location("hatch_build", Path(__file__).parents[2] / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str, str | None], str] = module.links_for_an_index
    return found


def test_they_are_absolute_where_the_repository_is_shown(links: Callable[[str, str | None], str]) -> None:
    assert links(TEXT, "https://host/kit/blob/main/") == (
        "[docs](https://host/kit/blob/main/docs/pytest.md#x) [there](https://example.org/) [here](#what) "
        "![page](https://host/kit/blob/main/docs/images/page.svg)"
    )


def test_without_a_place_they_are_text(links: Callable[[str, str | None], str]) -> None:
    assert links(TEXT, None) == "docs [there](https://example.org/) [here](#what) "
