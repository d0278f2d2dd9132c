"""The statements that the application runs: how many, which, for which request, and by what plan.

`shapes` takes the values out of a statement, `tables` knows whose models are in it, `recorder` makes a `Statement` of
each that runs and hands it to who listens, `block` has `Queries`, which `Kit.queries` gives; `repeats` finds N+1,
`plans` judges scans, `report` puts statements into words. Not here: where statements are observed (`internals`), and
how a database explains one (`databases`).
"""

from kailash_testkit.queries.block import Queries
from kailash_testkit.queries.statement import Statement

__all__ = ["Queries", "Statement"]
