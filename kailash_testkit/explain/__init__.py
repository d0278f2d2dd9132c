"""Why a row is not where a test expects it: one cause, the evidence for it, and the cure.

Here live the form of an explanation (`explanation`), the observation of nodes that fail without raising
(`failures`), what an investigation may look at (`case`), the causes for a row that is not in the database
(`absent`) and for one that is there and not shown (`hidden`, `caching`), and their order (`investigation`). What
does not live here: the errors that show explanations, and pytest. Everything here looks, and changes nothing
that the application could notice.
"""

from kailash_testkit.explain.explanation import Cause, Explanation

__all__ = ["Cause", "Explanation"]
