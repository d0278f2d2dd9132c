"""The long form of tests that try many combinations or repetitions: ``make soak`` runs it, ``make test`` the short one.

The short form has every kind of case; the long one has all their combinations, more often.
"""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("KAILASH_TESTKIT_SOAK", "0"))
"""How many examples each property-based test tries in the long form; 0 in the short form."""

SOAK = EXAMPLES > 0
