"""What DataFlow knows about a model, and what its declared types mean for values.

Here live: reading a model from a DataFlow instance (`model`), and the meaning of a declared type
(`types`): which Python values it accepts, how a stored value becomes one again, when two are the
same. Not here: rows, SQL, workflows.
"""

from kailash_testkit.models.model import Field, Model, read_model

__all__ = ["Field", "Model", "read_model"]
