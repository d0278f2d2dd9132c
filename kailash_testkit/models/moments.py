"""The classes of dates and times that models declare, also while freezegun has put its own in their place.

freezegun exchanges what the names of a module stand for, in every module, for as long as time is frozen; it does not
look into classes. A declared ``datetime`` is compared with these.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final, TypeVar

T = TypeVar("T")


def _declared(kind: type[T]) -> type[T]:
    """The class of the standard library, of which a stand-in is a subclass: the kit may be imported in frozen time."""
    return next(each for each in kind.__mro__ if each.__module__ == "datetime")


class Moments:
    """The standard library's classes."""

    datetime: Final = _declared(datetime)
    date: Final = _declared(date)
    time: Final = _declared(time)
