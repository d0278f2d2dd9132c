"""Numbers of four bytes."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kailash_testkit.models.reals import as_real, same_real


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (1.1, 1.1),
        (1.100000023841858, 1.1),
        (0.1 + 0.2, 0.3),
        (1.23456789, 1.2345679),
        (16_777_217, 16_777_216.0),
        (1e39, 1e39),
        (-0.0, 0.0),
        (1e-50, 0.0),
        (math.inf, math.inf),
        (True, True),
        ("1.1", "1.1"),
        (None, None),
    ],
)
def test_a_number_as_four_bytes_keep_it(number: object, kept: object) -> None:
    assert as_real(number) == kept
    assert type(as_real(number)) in (type(kept), float)


def test_nan_stays_nan() -> None:
    assert math.isnan(as_real(math.nan))  # type: ignore[arg-type]


@given(st.floats(width=32, allow_nan=False))
def test_the_short_form_tells_the_number_exactly(number: float) -> None:
    short = as_real(number)
    assert struct.pack("f", short) == struct.pack("f", number)
    assert len(repr(short).lstrip("-").split("e")[0].replace(".", "").strip("0")) <= 9


def test_what_four_bytes_keep_is_the_same_in_both_ways_of_writing() -> None:
    for other in (1.1, 1.100000023841858, 1.10000000001):
        assert same_real(other, 1.1)
        assert same_real(1.1, other)
        assert same_real(1.100000023841858, other)
    assert not same_real(1.1, 1.11)
    assert not same_real(1.10000000001, 1.10000000002), "neither is a number of four bytes"
    assert not same_real(1e39, 1.1)
