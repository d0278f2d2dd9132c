"""Marks of tests that need what earlier releases of Kailash have not."""

from __future__ import annotations

import pytest
from database_kinds import Kind

from kailash_testkit.internals.releases import (
    FUNCTIONS_AS_DEFAULTS,
    OWN_CACHE_KEYS,
    QUOTED_BATCHES,
    SOFT_DELETE,
    Fact,
)


def needs(fact: Fact, what: str) -> pytest.MarkDecorator:
    """Skips the test where the installed release is before the one that brought it."""
    return pytest.mark.skipif(not fact.holds(), reason=f"{what} came with {fact.package} {fact.since}")


needs_soft_delete = needs(SOFT_DELETE, "soft deletion")
needs_transactions = needs(SOFT_DELETE, "a generated node in a transaction, as soft deletion,")
needs_own_cache_keys = needs(OWN_CACHE_KEYS, "a cache on a Redis that tells databases apart")
needs_quoted_batches = needs(QUOTED_BATCHES, "a batch of a model with a name that is a keyword")


def require_function_defaults(kind: Kind) -> None:
    """Skips a test where the installed release cannot make a table with a function as a default."""
    if not kind.function_defaults:
        fact = FUNCTIONS_AS_DEFAULTS
        pytest.skip(f"a function as a default on a server came with {fact.package} {fact.since}")
