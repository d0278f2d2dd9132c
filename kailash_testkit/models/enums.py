"""Enums: the form in which DataFlow stores a member, and what a column holds that is no such form.

A member that is also a str or a number is stored as its value, any other as ``str(member)``; DataFlow's filters find
these forms only. In JSON a member is its value.
"""

from __future__ import annotations

import contextlib
import enum
import json
import types
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard, Union, cast, get_args, get_origin


class Misfit(NamedTuple):
    """Why a text is the stored form of no member, and what to do."""

    why: str
    do: str


def is_enum(annotation: object) -> TypeGuard[type[enum.Enum]]:
    """Whether an annotation is a class of members."""
    return isinstance(annotation, type) and issubclass(annotation, enum.Enum)


def enums_in(annotation: object) -> Iterator[type[enum.Enum]]:
    """The Enums that an annotation consists of, such as those of ``list[Status] | None``."""
    if is_enum(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from enums_in(argument)


def enum_to_value(value: object) -> object:
    """An Enum member as DataFlow's CreateNode stores it; a number's value as text, since its column is TEXT."""
    if isinstance(value, enum.Enum):
        if isinstance(value, str):
            return value.value
        return str(value.value if isinstance(value, int | float) else value)
    return value


def stored_member(kind: type[enum.Enum], stored: object) -> enum.Enum | None:
    """The member whose stored form a column holds; None where it is of none."""
    for member in kind:
        if stored == enum_to_value(member) or (isinstance(member, int | float) and _is_number(stored, member)):
            return member
    return _combined(kind, stored)


def _is_number(stored: object, member: float) -> bool:
    """Whether a column of numbers, which an application may have made itself, holds the member."""
    return isinstance(stored, int | float) and not isinstance(stored, bool) and stored == member


def _combined(kind: type[enum.Enum], stored: object) -> enum.Enum | None:
    """A combination of an IntFlag's members."""
    if not issubclass(kind, enum.IntFlag) or isinstance(stored, bool) or not str(stored).isdecimal():
        return None
    try:
        return kind(int(str(stored)))
    except ValueError:
        return None


def member_in_json(kind: type[enum.Enum], entry: object) -> enum.Enum | None:
    """The member of a value in a list or dict."""
    for member in kind:
        if type(entry) is type(member.value) and entry == member.value:
            return member
    return None


def misfit(annotation: object, held: object) -> Misfit | None:
    """Why what a column holds is the stored form of no member, and what to do; None where it is, or is no Enum.

    annotation: the column's. held: what was read, the stored forms of members made members.

    >>> class Kind(str, enum.Enum):
    ...     DOUBLE = "double"
    >>> misfit(Kind, Kind.DOUBLE), misfit(Kind, "Kind.DOUBLE")[0]
    (None, "'Kind.DOUBLE' is str(Kind.DOUBLE), whose stored form is 'double'")
    """
    members = [member for kind in enums_in(annotation) for member in kind]
    whole = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    if not members or not isinstance(held, str) or isinstance(held, enum.Enum) or str in whole:
        return None
    in_json = not any(map(is_enum, whole))
    mistakes = (_mistaken(member, text, in_json=in_json) for text in _texts(held, in_json) for member in members)
    found = next(filter(None, mistakes), None)
    if found is None and not in_json:
        names = ", ".join(repr(enum_to_value(member)) for member in members)
        return Misfit(f"{held!r} is the stored form of no {type(members[0]).__name__}", f"store one of {names}")
    return found


def _texts(held: object, in_json: bool) -> Iterator[str]:
    """The texts that may be meant for members: the column's, or those in its JSON."""
    if not in_json:
        yield str(held)
        return
    with contextlib.suppress(ValueError):
        waiting: list[object] = [json.loads(str(held))]
        for entry in waiting:  # grows while it is gone through
            if isinstance(entry, str):
                yield entry
            elif isinstance(entry, list):
                waiting += cast("list[object]", entry)
            elif isinstance(entry, dict):
                waiting += cast("dict[str, object]", entry).values()


def _mistaken(member: enum.Enum, text: str, *, in_json: bool) -> Misfit | None:
    name = f"{type(member).__name__}.{member.name}"
    right = member.value if in_json else enum_to_value(member)
    if text == right:
        return None
    stored = f"whose stored form is {right!r}" if not in_json else f"which is {right!r} in JSON"
    how = _how(member, name)
    if text in (str(member), name):
        batch = "; a BulkCreateNode that is not given the field's default stores its str()"
        return Misfit(f"{text!r} is str({name}), {stored}", f"store {how}, not str({name}){batch}")
    if text == repr(member):
        return Misfit(f"{text!r} is repr({name}), {stored}", f"store {how}")
    if text == member.name:
        return Misfit(f"{text!r} is {name}.name, {stored}", f"store {how}, not the name")
    if text == str(member.value):
        return Misfit(f"{text!r} is {name}.value, {stored}", f"store {how}")
    return None


def _how(member: enum.Enum, name: str) -> str:
    return f"{name}.value" if isinstance(member, str | int | float) else f"{name} through CreateNode, or str({name})"
