"""Records that the kit writes as JSON and reads back only if they are, to the letter, such as it writes."""

from __future__ import annotations

import json
from dataclasses import fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

_TYPES: Final = {"str": (str,), "int": (int,), "str | None": (str, NoneType)}


def read_record(kind: type[T], text: str) -> T | None:
    """The record in a text; None for one that lacks a field, has another, or holds a value of another type.

    kind: a dataclass whose fields are declared ``str``, ``int`` or ``str | None``.
    """
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.keys() != {each.name for each in fields(kind)}:
        return None
    values = cast("dict[str, Any]", found)
    if any(type(values[each.name]) not in _TYPES[str(each.type)] for each in fields(kind)):
        return None
    return kind(**values)
