"""Runs of a test beside its own: for what they try. What watches tests leaves them out."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest

_AGAIN: pytest.StashKey[bool] = pytest.StashKey()


@contextmanager
def again(item: pytest.Item) -> Generator[None, None, None]:
    """A block in which the test runs once more."""
    item.stash[_AGAIN] = True
    try:
        yield
    finally:
        del item.stash[_AGAIN]


def is_again(item: pytest.Item) -> bool:
    """Whether the test runs once more."""
    return _AGAIN in item.stash
