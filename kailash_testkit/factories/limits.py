"""Bounds and lengths that types declare, and values within: ``Annotated[int, Gt(0)]``, ``Annotated[str, MaxLen(20)]``.

DataFlow itself ignores them; the application's own checks (pydantic) do not. The metadata is that of
annotated-types, which pydantic's ``Field`` holds too; it is recognised by its attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Final, get_args, get_origin

from kailash_testkit.factories.numbering import OF_A_SCOPE, Number

MOST_CHARACTERS: Final = 255
"""What a ``str`` column holds on MariaDB; more fails there."""

_GREATEST_INT: Final = 2**31 - 1  # four bytes, on PostgreSQL and MariaDB
_SCOPES: Final = 5
_FLOATS_OF_A_SCOPE: Final = 3_200_000  # times five scopes stays within the 2**24 whole numbers of a 4-byte float
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class NoValuesError(ValueError):
    """There are no values, or too few, within the limits; the message completes "the field is required, and"."""


@dataclass(frozen=True)
class Limits:
    """The limits of a type; None where there is none. unknown: metadata that limits values otherwise."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    unknown: str | None = None

    @classmethod
    def of(cls, annotation: object) -> Limits:
        """The limits in all ``Annotated`` of a type, those within a union included."""
        found = cls()
        for metadata in _metadata(annotation):
            names = [name for name in _NAMES if getattr(metadata, name, None) is not None]
            found = replace(found, **{name: getattr(metadata, name) for name in names})
            if not names and (getattr(metadata, "pattern", None) or hasattr(metadata, "func")):
                found = replace(found, unknown=repr(metadata))
        return found


_NAMES: Final = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length")


def _metadata(annotation: object) -> Iterator[object]:
    if get_origin(annotation) is Annotated:
        annotation, *given = get_args(annotation)
        for each in given:
            yield from _parts(each)
    for argument in get_args(annotation):
        yield from _metadata(argument)


def _parts(metadata: object) -> Iterator[object]:
    """A group (``Interval``, ``Len``, pydantic's ``Field``) holds its parts."""
    inner: object = getattr(metadata, "metadata", None)
    if isinstance(inner, Iterable):
        yield from inner
    elif not isinstance(metadata, str):
        yield metadata


# --- numbers ---------------------------------------------------------------------------------------


def limited_int(limits: Limits, unique: bool) -> Callable[[Number], int]:
    """Whole numbers from 1, or within the limits; where they must be unique, apart for each scope."""
    step = int(limits.multiple_of or 1)
    low, high = _lowest(limits, step), _highest(limits)
    if high < low:
        raise NoValuesError(f"no whole number is within {_shown(limits)}")
    count = (high - low) // step + 1
    if not unique:
        return lambda number: low + (number.n - 1) % count * step
    if count >= _SCOPES * OF_A_SCOPE:
        return lambda number: low + (number.unique - 1) * step
    return lambda number: low + _apart(number, count, limits) * step


def _lowest(limits: Limits, step: int) -> int:
    bounds = [limits.ge, None if limits.gt is None else limits.gt + 1]
    given = [int(-(-bound // 1)) for bound in bounds if bound is not None]
    low = max(given) if given else min(step, _highest(limits) // step * step)
    return -(-low // step) * step


def _highest(limits: Limits) -> int:
    bounds = [limits.le, None if limits.lt is None else -(-limits.lt // 1) - 1]
    return min([int(bound // 1) for bound in bounds if bound is not None], default=_GREATEST_INT)


def limited_float(limits: Limits, unique: bool) -> Callable[[Number], float]:
    """Numbers that four bytes hold exactly: 1.0, 2.0 and so on, or fractions of the range between the limits."""
    bounded = any(bound is not None for bound in (limits.ge, limits.gt, limits.le, limits.lt, limits.multiple_of))
    if not bounded:
        return (lambda number: float(_compact(number))) if unique else lambda number: float(number.n)
    step = float(limits.multiple_of or 0)
    if step and step == int(step):
        whole = limited_int(limits, unique)
        return lambda number: float(whole(number))
    low, high = _range(limits)
    if high < low or step:
        raise NoValuesError(f"the kit knows no number within {_shown(limits)}")
    parts = 2**24 if unique else 16
    return lambda number: low + (high - low) * ((2 * _compact(number) - 1) % parts) / parts


def _range(limits: Limits) -> tuple[float, float]:
    lows = [bound for bound in (limits.ge, limits.gt) if bound is not None]
    highs = [bound for bound in (limits.le, limits.lt) if bound is not None]
    low = max(lows) if lows else min(highs) - 2**24
    return low, min(highs) if highs else low + 2**24


def _compact(number: Number) -> int:
    """A number for the row that is apart for each scope, and small enough for a 4-byte float."""
    scope, n = divmod(number.unique, OF_A_SCOPE)
    return scope * _FLOATS_OF_A_SCOPE + n


def _apart(number: Number, count: int, limits: Limits) -> int:
    """A place among ``count`` values, of which each scope has a part for itself."""
    scope, n = divmod(number.unique, OF_A_SCOPE)
    room = count // _SCOPES
    if n > room:
        raise NoValuesError(
            f"must be unique: of the {count} values within {_shown(limits)} each scope of fixtures has {room}"
        )
    return scope * room + n - 1


def _shown(limits: Limits) -> str:
    given = {name: getattr(limits, name) for name in _NAMES if getattr(limits, name) is not None}
    return ", ".join(f"{name} {value}" for name, value in given.items()) or "the limits"


# --- texts -----------------------------------------------------------------------------------------


def limited_text(parts: tuple[str, str], limits: Limits, unique: bool) -> Callable[[Number], str]:
    """Texts with the row's number between ``parts``, within the length that is declared."""
    before, after = parts
    longest = min(limits.max_length or MOST_CHARACTERS, MOST_CHARACTERS)
    shortest = limits.min_length or 0
    if shortest > longest:
        raise NoValuesError(f"no text is within {_shown(limits)}")
    if longest < _ROOM_OF_A_NUMBER:
        return _short(longest, limits, unique)
    room = longest - _ROOM_OF_A_NUMBER - len(after)
    before, after = (before[max(0, len(before) - room) :], after) if room >= 0 else ("", "")
    if shortest:
        return lambda number: f"{before}{number.text}{after}".rjust(shortest, "x")
    return lambda number: f"{before}{number.text}{after}"


_ROOM_OF_A_NUMBER: Final = 12  # the text of any number: "s400000000", "p2-50000000"


def _short(longest: int, limits: Limits, unique: bool) -> Callable[[Number], str]:
    """Codes of exactly that length, such as "0001"."""
    count = len(_DIGITS) ** longest
    if not unique:
        return lambda number: _code(number.n % count, longest)
    if count > _SCOPES * OF_A_SCOPE:
        return lambda number: _code(number.unique, longest)
    return lambda number: _code(_apart(number, count, limits), longest)


def _code(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
