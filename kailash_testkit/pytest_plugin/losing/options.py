"""The options of lost writes."""

from __future__ import annotations

from typing import Final

import pytest

OPTION: Final = "--testkit-lose-writes"
SECONDS: Final = "testkit_lose_writes_seconds"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(SECONDS, "seconds that tests may run again for lost writes, in all", default="60")
    parser.getgroup("kailash-testkit").addoption(
        OPTION,
        action="store_true",
        help="run tests again while the database silently loses writes of their requests",
    )


def is_on(config: pytest.Config) -> bool:
    """Whether writes are to be lost."""
    return bool(config.getoption("testkit_lose_writes", default=False)) and not config.option.collectonly
