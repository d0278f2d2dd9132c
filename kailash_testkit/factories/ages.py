"""How old the rows of a factory look, and which moments the kit writes for that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from kailash_testkit.errors import FieldTypeError
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.moments import moment_of
from kailash_testkit.models.rows import Row, model_of


def checked_age(given: Mapping[str, float]) -> timedelta:
    """The age that was given in units of time. Raises `FieldTypeError`."""
    try:
        age = timedelta(**given)
    except (TypeError, OverflowError, ValueError):
        age = timedelta(0)
    if age <= timedelta(0):
        units = ", ".join(f"{unit}={value!r}" for unit, value in given.items() if value)
        raise FieldTypeError(
            f"aged({units}) is no age",
            why="a row is created before it is looked at",
            do="write aged(days=30); for a moment to come, give created_at itself",
        )
    return age


def moments_of(stored: Row, age: timedelta | None, given: Mapping[str, datetime]) -> Mapping[str, datetime]:
    """What the row's moments are to be: those that were given, and those that the age tells.

    An age is taken off what DataFlow has just stored, so that no clock and no time zone comes into it.
    """
    if age is None:
        return given
    moments = {name: moment_of(stored[name]) for name in sorted(MANAGED) if name in stored}
    try:
        return {name: moment - age for name, moment in moments.items() if moment is not None} | dict(given)
    except OverflowError:
        raise FieldTypeError(
            f"a row of {model_of(stored)} cannot be {age} old", why="that is before the year 1", do="give a smaller age"
        ) from None
