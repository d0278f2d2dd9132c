"""Factories: making complete values for a model's rows, and the typed handle on the model.

Here live the immutable `Factory` and what it is made of (`definition`), the declarations that its defaults may hold
(`declarations`, `choices`, `fakes`, `relations`, `existing`, `transients`; `nesting` for those in dicts and lists),
the making of values (`building`, `making`, `drafts`, `parents`, `values`, `limits`, with the numbers and the seed that
they depend on), which rows a call makes, and in which order they are stored (`planning`, `links`, `ordering`,
`uniqueness`, `persisting`), and what is built without storing it (`built`). Not here: writing and reading rows
(`store`).
"""

from kailash_testkit.factories.base import FactoryBase
from kailash_testkit.factories.choices import choice
from kailash_testkit.factories.declarations import derived, sequence
from kailash_testkit.factories.existing import existing
from kailash_testkit.factories.factory import Factory
from kailash_testkit.factories.fakes import fake
from kailash_testkit.factories.relations import related
from kailash_testkit.factories.schemas.invalid import InvalidPayload
from kailash_testkit.factories.transients import transient

__all__ = [
    "Factory", "FactoryBase", "InvalidPayload", "choice", "derived", "existing", "fake", "related", "sequence",
    "transient",
]  # fmt: skip
