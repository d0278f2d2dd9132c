"""Numbers as a PostgreSQL column of type REAL keeps them: four bytes, which DataFlow uses for ``float``."""

from __future__ import annotations

import math
import struct


def as_real(value: object) -> object:
    """A number as four bytes keep it, written with the fewest digits that tell it, as PostgreSQL prints it.

    What is no number, or too large for four bytes, is returned as it is.

    >>> as_real(1.1), as_real(1.100000023841858), as_real(0.1 + 0.2), as_real("1.1")
    (1.1, 1.1, 0.3, '1.1')
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    kept = _four_bytes(value)
    if kept is None:
        return value
    if not math.isfinite(kept):
        return kept
    shorter = (float(f"{kept:.{digits}g}") for digits in range(1, 10))  # nine digits tell any of them
    return next((number for number in shorter if _four_bytes(number) == kept), kept)


def same_real(one: float, other: float) -> bool:
    """Whether one of two numbers is what four bytes keep of the other, in either way of writing it."""
    kept = _four_bytes(one)
    return kept is not None and kept == _four_bytes(other) and not {one, other}.isdisjoint({kept, as_real(kept)})


def _four_bytes(value: float) -> float | None:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return None
