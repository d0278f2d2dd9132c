"""The classes of dates and times that models declare, also while freezegun has put its own in their place.

freezegun exchanges what the names of a module stand for, in every module, for as long as time is frozen; it does not
look into classes. A declared ``datetime`` is compared with these.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final, TypeVar

T = TypeVar("T")


def _declared(kind: type[T]) -> type[T]:
    """The class of the standard library, of which a stand-in is a subclass: the kit may be imported in frozen time."""
    return next(each for each in kind.__mro__ if each.__module__ == "datetime")


class Moments:
    """The standard library's classes."""

    datetime: Final = _declared(datetime)
    date: Final = _declared(date)
    time: Final = _declared(time)


def moment_of(value: object) -> Any:
    """The datetime that a value is, or that a text in ISO 8601 tells; None for any other."""
    if isinstance(value, str):
        try:
            return Moments.datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, Moments.datetime) else None


def declared_moment(moment: datetime) -> datetime:
    """The same moment as one of the standard library's class, which every driver takes."""
    parts = moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond
    return Moments.datetime(*parts, tzinfo=moment.tzinfo, fold=moment.fold)
