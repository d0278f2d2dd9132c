"""The seed of a run, and numbers drawn from it: the same for the same row and field, whatever else a run does.

A draw is computed, not taken from a generator's sequence: it depends on the seed, the scope and test, the
model, the field and the row's number, and on nothing else. Adding a test, a field or a row of another
model changes no other value.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from hashlib import blake2b
from typing import Final

from kailash_testkit.factories.numbering import Number

DEFAULT_SEED: Final = 0

_seed = DEFAULT_SEED


def current_seed() -> int:
    """The seed that values are drawn from."""
    return _seed


def use_seed(seed: int) -> None:
    """Draws all later values from ``seed``."""
    global _seed
    _seed = seed


@contextlib.contextmanager
def seeded(seed: int) -> Generator[None, None, None]:
    """Draws the values of a block from ``seed``."""
    before = _seed
    use_seed(seed)
    try:
        yield
    finally:
        use_seed(before)


def draw(number: Number, model: str, field: str) -> int:
    """A number of 64 bits for one field of one row."""
    # The parts are told apart by a byte that no name contains.
    key = f"{_seed}\0{number.origin}\0{model}\0{field}\0{number.n}"
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
