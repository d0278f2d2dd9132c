"""Factories: making complete values for a model's rows, and the typed handle on the model.

Here live the immutable `Factory`, the declarations that a factory's defaults may hold, and the
generation of values for required fields. Not here: writing and reading rows (`store`).
"""

from kailash_testkit.factories.declarations import derived, sequence
from kailash_testkit.factories.factory import Factory

__all__ = ["Factory", "derived", "sequence"]
