"""The meaning of a declared type: accept a value, read a stored value back, compare the two.

Databases and DataFlow change values on the way (bool becomes 1 on SQLite, a datetime becomes text,
``list[int]`` JSON text, an Enum its value or the text ``Color.RED``); `decode` undoes what can be undone, and no more.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin
from uuid import UUID

from kailash_testkit.models.enums import is_enum, member_in_json, stored_member
from kailash_testkit.models.moments import Moments
from kailash_testkit.text import comma_join, truncate_repr


class TypeMismatchError(ValueError):
    """A value does not have the declared type; the message completes "expected ..."."""


def without_annotated(annotation: object) -> object:
    """``T`` for ``Annotated[T, ...]``, else the annotation itself."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def has_metadata(annotation: object) -> bool:
    """Whether there is an ``Annotated`` in the annotation."""
    return get_origin(annotation) is Annotated or any(map(has_metadata, get_args(annotation)))


def alternatives(annotation: object) -> tuple[object, ...]:
    """The members of a union without None; of any other annotation, the annotation itself."""
    annotation = without_annotated(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(
            member
            for argument in get_args(annotation)
            if argument is not type(None)
            for member in alternatives(argument)
        )
    return (annotation,)


def is_nullable(annotation: object) -> bool:
    """Whether None is a value of the annotation."""
    annotation = without_annotated(annotation)
    if annotation in (None, type(None), Any, object):
        return True
    return get_origin(annotation) in (Union, types.UnionType) and any(
        is_nullable(argument) for argument in get_args(annotation)
    )


def type_name(annotation: object) -> str:
    """The annotation as its author wrote it, as far as Python remembers: ``str | None``, ``list[int]``."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


# --- accepting a value ---------------------------------------------------------------------------


def accept(annotation: object, value: object) -> object:
    """``value`` as a value of the annotation; a value of an Enum becomes its member.

    Raises `TypeMismatchError`. The check is that of a strict type checker, with one convenience:
    ``"paid"`` is accepted for ``Status.paid``. A bool is not accepted as a number.
    """
    if _is_exactly(annotation, value):
        return value
    if value is None:
        if is_nullable(annotation):
            return None
        raise TypeMismatchError(f"{type_name(annotation)}, not None")
    members = alternatives(annotation)
    problem: TypeMismatchError | None = None
    for member in members:
        try:
            return _accept_one(member, value)
        except TypeMismatchError as error:
            problem = problem or error
    if problem is not None and len(members) == 1:
        raise problem
    raise TypeMismatchError(f"{type_name(annotation)}, got {_described(value)}")


def _accept_one(annotation: object, value: object) -> object:
    if annotation is Any or annotation is object:
        return value
    origin = get_origin(annotation)
    if origin is Literal:
        return _accept_literal(annotation, value)
    if origin in (list, dict, tuple, set, frozenset):
        return _accept_container(annotation, cast("type", origin), value)
    if not isinstance(annotation, type):
        return value  # a type form that has no runtime check: DataFlow and the read-back decide
    if issubclass(annotation, enum.Enum):
        return _accept_enum(annotation, value)
    if not _is_instance(value, cast("type[object]", annotation)):
        raise TypeMismatchError(f"{type_name(cast('object', annotation))}, got {_described(value)}")
    return value


def _is_instance(value: object, kind: type[object]) -> bool:
    """`isinstance` as a type checker sees it: an int is a float, but True is no number and now() no date."""
    if isinstance(value, bool) and kind in (int, float):
        return False
    if isinstance(value, datetime) and kind is Moments.date:
        return False
    try:
        return isinstance(value, (int, float) if kind is float else kind)
    except TypeError:  # a class that refuses the check, such as a TypedDict: DataFlow and the read-back decide
        return True


def _accept_literal(annotation: object, value: object) -> object:
    options = get_args(annotation)
    if any(value == option and type(value) is type(option) for option in options):
        return value
    raise TypeMismatchError(f"one of {comma_join(map(repr, options))}, got {_described(value)}")


def _accept_enum(annotation: type[enum.Enum], value: object) -> object:
    if isinstance(value, annotation):
        return value
    try:
        return annotation(value)
    except ValueError:
        members = comma_join(str(member) for member in annotation)
        raise TypeMismatchError(f"{annotation.__name__} ({members}), got {_described(value)}") from None


def _accept_container(annotation: object, origin: type, value: object) -> object:
    if not isinstance(value, origin):
        raise TypeMismatchError(f"{type_name(annotation)}, got {_described(value)}")
    arguments = get_args(annotation)
    try:
        if isinstance(value, Mapping):
            of_key, of_value = arguments if len(arguments) == 2 else (Any, Any)
            entries = cast("Mapping[object, object]", value)
            return {accept(of_key, key): accept(of_value, entry) for key, entry in entries.items()}
        items = list(cast("typing.Iterable[object]", value))
        kinds = _item_kinds(annotation, len(items))
        if len(kinds) != len(items):
            raise TypeMismatchError(f"{len(kinds)} items, got {_described(value)}")
        return origin([accept(kind, item) for kind, item in zip(kinds, items, strict=True)])
    except TypeMismatchError as error:
        raise TypeMismatchError(f"{type_name(annotation)}; inside it: expected {error}") from None


def _item_kinds(annotation: object, length: int) -> tuple[object, ...]:
    """The annotation of each item: ``tuple[int, str]`` has one for each place, all others one for all."""
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple and arguments and arguments[-1] is not Ellipsis:
        return arguments
    return (arguments[0] if arguments else Any,) * length


def _described(value: object) -> str:
    return f"{truncate_repr(value)} ({type(value).__name__})"


# --- reading a stored value back -----------------------------------------------------------------


def _from_text(parse: Callable[[str], object]) -> Callable[[object], object]:
    def decode_text(stored: object) -> object:
        return parse(stored) if isinstance(stored, str) else stored

    return decode_text


_DECODERS: dict[object, Callable[[object], object]] = {
    str: lambda stored: str(stored) if isinstance(stored, datetime) else stored,  # a declared created_at
    bool: lambda stored: bool(stored) if stored in (0, 1) else stored,
    float: lambda stored: float(stored) if isinstance(stored, int) else stored,
    Moments.datetime: _from_text(Moments.datetime.fromisoformat),
    Moments.date: _from_text(Moments.date.fromisoformat),
    Moments.time: _from_text(Moments.time.fromisoformat),
    Decimal: lambda stored: Decimal(str(stored)),
    UUID: _from_text(UUID),
    bytes: lambda stored: bytes(cast("bytes", stored)) if isinstance(stored, (bytearray, memoryview)) else stored,
    dict: _from_text(json.loads),
    list: _from_text(json.loads),
}


def decode(annotation: object, stored: object) -> object:
    """A stored value as a value of the declared type; what cannot be read as one is returned as it is.

    >>> decode(bool, 1), decode(list[int], "[1, 2]"), decode(datetime, "2025-01-02 03:04:05")
    (True, [1, 2], datetime.datetime(2025, 1, 2, 3, 4, 5))
    """
    if stored is None or _is_exactly(annotation, stored):
        return stored
    return decoder(annotation)(stored)


def decoder(annotation: object) -> Callable[[object], object]:
    """What does `decode` for the values of one column, None aside: what its annotation decides is decided once."""
    parse = _DECODERS.get(annotation) if type(annotation) is type else None  # no union and no container
    members = alternatives(annotation)

    def read(stored: object) -> object:
        if parse is not None:
            try:
                value = parse(stored)
            except (ValueError, InvalidOperation):
                value = stored
            if cast("object", type(value)) is annotation:
                return value
        for member in members:
            value = _decode_one(member, stored)
            if is_enum(member) and not isinstance(value, enum.Enum):
                continue  # `accept` takes a member's value for it, which a column may not
            try:
                return accept(member, value)
            except TypeMismatchError:
                continue
        return stored

    return read


def _is_exactly(annotation: object, value: object) -> bool:
    return cast("object", type(value)) is annotation


def _decode_one(annotation: object, stored: object) -> object:
    origin = get_origin(annotation)
    try:
        if is_enum(annotation):
            member = stored_member(annotation, stored)
            return stored if member is None else member
        if origin in (list, tuple, set, frozenset, dict):
            return _decode_container(annotation, cast("type", origin), stored)
    except ValueError:
        return stored
    if origin is Literal:
        return next((option for option in get_args(annotation) if option == stored), stored)
    parse = _DECODERS.get(annotation)
    try:
        return parse(stored) if parse else stored
    except (ValueError, InvalidOperation):
        return stored


def _decode_container(annotation: object, origin: type, stored: object) -> object:
    if isinstance(stored, str):
        stored = json.loads(stored)
    arguments = get_args(annotation)
    if isinstance(stored, dict):
        of_value = arguments[1] if len(arguments) == 2 else Any
        entries = cast("dict[str, object]", stored)
        return {key: _decode_item(of_value, entry) for key, entry in entries.items()}
    if isinstance(stored, (list, tuple)):
        items = cast("list[object]", stored)
        kinds = _item_kinds(annotation, len(items))
        return origin([_decode_item(kind, item) for kind, item in zip(kinds, items, strict=True)])
    return stored


def _decode_item(annotation: object, item: object) -> object:
    """An entry of a list or dict, whose Enums are their values in JSON."""
    kinds = [kind for kind in alternatives(annotation) if is_enum(kind)]
    members = (member_in_json(kind, item) for kind in kinds)
    found = next((member for member in members if member is not None), None)
    if found is not None:
        return found
    return item if kinds else decode(annotation, item)
