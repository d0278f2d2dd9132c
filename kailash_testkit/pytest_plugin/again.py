"""Runs of a test beside its own: for what they try. What watches tests leaves them out."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import pytest

from kailash_testkit.redaction import redact

_AGAIN: pytest.StashKey[bool] = pytest.StashKey()


class Attempt(Protocol):
    """One such run. error: what the test's own code raised."""

    error: BaseException | None


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


@contextmanager
def keeping_errors(run: Attempt) -> Generator[None, None, None]:
    """A block around the test's own code: notes what it raises, so that pytest reports nothing of it."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, pytest.exit.Exception):
        raise
    except BaseException as error:
        run.error = error


def forget_leaks() -> None:
    """What a handler leaked when its write failed must not fail a later test, by the warning of its finalizer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def first_line(error: BaseException) -> str:
    """An error in one line, without secrets."""
    return redact(f"{type(error).__name__}: {error}").splitlines()[0]
