"""Every example in a docstring of the package runs as it is written."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import kailash_testkit

PACKAGE = Path(kailash_testkit.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 0
    assert results.failed == 0


def test_there_are_examples() -> None:
    assert len(MODULES) >= 5
