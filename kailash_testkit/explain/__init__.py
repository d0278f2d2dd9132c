"""Why a row is not where a test expects it: one cause, the evidence for it, and the cure.

Here live the observation of nodes that fail without raising (`failures`), what an investigation may look at
(`case`), the causes for a row that is not in the database (`absent`) and for one that is there and not shown
(`hidden`, `caching`), and their order (`investigation`). What does not live here: the form of an explanation
(`kailash_testkit.explanation`), the errors that show it, and pytest. Everything here looks, and changes nothing
that the application could notice.
"""

from kailash_testkit.explanation import Cause, Explanation

__all__ = ["Cause", "Explanation"]
