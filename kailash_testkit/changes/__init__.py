"""What changed in the database: the ledger of a block, and expectations on it.

`net` reduces recorded changes to their net effect in model terms, `expectations` says what a test
expects, `ledger` holds the two against each other, `report` puts the result into words. Not here:
recording (`journal`) and undoing (`isolation`).
"""

from kailash_testkit.changes.expectations import Expectation, created, deleted, updated
from kailash_testkit.changes.ledger import Changes
from kailash_testkit.changes.net import Change

__all__ = ["Change", "Changes", "Expectation", "created", "deleted", "updated"]
