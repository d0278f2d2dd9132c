"""The long form of tests that try many combinations or repetitions: ``make soak`` runs it, ``make test`` the short one.

The short form has every kind of case; the long one has all their combinations, and tries more often.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("KAILASH_TESTKIT_SOAK", "0"))
"""How many examples each property-based test tries in the long form; 0 in the short form."""

SOAK = EXAMPLES > 0


def examples(short: int) -> settings:
    """Settings of a property-based test, which tries ``short`` examples, always the same, in the short form.

    It has no time limits: how busy the machine is does not matter.
    """
    return settings(
        max_examples=EXAMPLES or short,
        derandomize=not SOAK,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
