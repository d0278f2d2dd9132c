"""Every example in a docstring of the package runs as it is written."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import kailash_testkit

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(kailash_testkit.__path__, "kailash_testkit.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert results.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) >= 5
