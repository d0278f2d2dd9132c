"""``--spread=20``: only so many tests, spread over the whole suite, in the same order for every way."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--spread", type=int, default=0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted: int = config.getoption("--spread")
    if wanted:
        items[:] = [items[index * len(items) // wanted] for index in range(min(wanted, len(items)))]
