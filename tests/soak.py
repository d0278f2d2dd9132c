"""The long form of tests that try many combinations or repetitions: that of ``make test-all``, not of ``make test``.

The short form has every kind of case; the long one has all their combinations, and tries more often.
``KAILASH_TESTKIT_SOAK`` asks for it and says how many times as many examples property-based tests try. From
`RANDOM` times on, other examples are tried in each run; below, always the same, so that a run can be repeated.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("KAILASH_TESTKIT_SOAK", "0"))
"""How many times as many examples as in the short form; 0 in the short form."""

RANDOM = 10
SOAK = FACTOR >= RANDOM


def examples(short: int) -> settings:
    """Settings of a property-based test, which tries ``short`` examples in the short form.

    It has no time limits: how busy the machine is does not matter.
    """
    return settings(
        max_examples=short * (FACTOR or 1),
        derandomize=not SOAK,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
