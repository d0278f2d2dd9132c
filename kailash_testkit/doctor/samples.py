"""The values that are tried for each declared type: usual ones, and those at which databases give way."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args, get_origin
from uuid import UUID

from kailash_testkit.models.types import alternatives


@dataclass(frozen=True)
class Sample:
    """A value to store, and what is special about it in words; empty for a usual value."""

    value: Any
    words: str = ""


_MOMENT: Final = datetime(2025, 1, 2, 3, 4, 5)
_NESTED: Final = {"text": "żółć", "list": [1, None, {"deep": True}], "number": 0.5}

_SAMPLES: Final[dict[Any, tuple[Sample, ...]]] = {
    str: (
        Sample("plain text"),
        Sample("", "empty"),
        Sample("Zażółć 日本 🎈", "Unicode"),
        Sample('it\'s "quoted" \\ 100%', "quotes"),
        Sample("  padded  ", "outer blanks"),
        Sample("x" * 256, "256 characters"),
        Sample("x" * 70_000, "70000 characters"),
        Sample("before\0after", "a NUL"),
        Sample("drop table x", "looks like SQL"),
    ),
    int: (
        Sample(7),
        Sample(0, "zero"),
        Sample(-1, "negative"),
        Sample(2**31 - 1, "2**31 - 1"),
        Sample(2**31, "2**31"),
        Sample(2**63 - 1, "2**63 - 1"),
    ),
    float: (Sample(0.5), Sample(1.1, "no binary fraction"), Sample(1e300, "1e300"), Sample(-0.5, "negative")),
    bool: (Sample(True), Sample(False)),
    datetime: (
        Sample(_MOMENT),
        Sample(_MOMENT.replace(microsecond=123_456), "microseconds"),
        Sample(_MOMENT.replace(tzinfo=UTC), "UTC"),
        Sample(_MOMENT.replace(tzinfo=timezone(timedelta(hours=5, minutes=30))), "+05:30"),
    ),
    date: (Sample(date(2025, 1, 2)),),
    time: (Sample(time(12, 30)),),
    Decimal: (Sample(Decimal("12345.67890")),),
    UUID: (Sample(UUID("12345678-1234-5678-1234-567812345678")),),
    bytes: (Sample(b"\x00\xff"),),
    dict: (Sample({"a": 1}), Sample({}, "empty"), Sample(_NESTED, "nested")),
    list: (Sample([1, "a"]), Sample([], "empty"), Sample([_NESTED], "nested")),
    tuple: (Sample((1, 2)),),
    set: (Sample({1, 2}),),
    Any: (Sample("text"), Sample({"a": 1}, "a dict")),
}


def samples(annotation: object) -> list[Sample]:
    """The values to try for a field; empty for a type of which the kit can make no value."""
    return [sample for member in alternatives(annotation) for sample in _of_one(member)]


def _of_one(annotation: object) -> tuple[Sample, ...]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return tuple(Sample(option) for option in arguments)
    if origin is dict and len(arguments) == 2:
        return tuple(Sample({key.value: each.value}) for key in _first(arguments[0]) for each in _first(arguments[1]))
    if origin in (list, set, frozenset) or (origin is tuple and arguments[-1:] == (...,)):
        of_items = cast("Callable[[list[object]], object]", origin)
        return tuple(Sample(of_items([item.value])) for item in _first(arguments[0]))
    if origin is tuple:
        items = [_first(argument) for argument in arguments]
        return (Sample(tuple(item[0].value for item in items)),) if all(items) else ()
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        members = list(annotation)
        return tuple(map(Sample, dict.fromkeys([members[0], members[-1]]))) if members else ()
    if isinstance(annotation, type) and is_dataclass(annotation):
        return _made(annotation)
    return _SAMPLES.get(annotation, ())


def _first(annotation: object) -> list[Sample]:
    return samples(annotation)[:1]


def _made(annotation: type) -> tuple[Sample, ...]:
    try:
        return (Sample(annotation()),)
    except TypeError:  # it has fields without defaults
        return ()
