"""Which declared types DataFlow can store, on any database; why not, and what to declare instead.

A test tries each type.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args, get_origin, is_typeddict
from uuid import UUID

from kailash_testkit.errors import UnstorableField
from kailash_testkit.models.model import MISSING, Field, Model
from kailash_testkit.models.moments import Moments
from kailash_testkit.models.types import alternatives, type_name


@dataclass(frozen=True)
class Refusal:
    """Why a type cannot be stored, and what to declare instead."""

    why: str
    instead: str


_NO_DRIVER: Final = "no database driver takes it from DataFlow"
_REFUSALS: Final[Mapping[object, Refusal]] = {
    Moments.date: Refusal(
        "its CreateNode fails after the row is stored: a date is no JSON", "datetime, or str (ISO 8601)"
    ),
    Moments.time: Refusal(_NO_DRIVER, "str, such as 09:30"),
    timedelta: Refusal("its text is stored, which is not read back", "int or float, in seconds"),
    Decimal: Refusal(_NO_DRIVER, "str, or int in the smallest unit"),
    UUID: Refusal(_NO_DRIVER, "str"),
    bytes: Refusal("the text b'...' is stored in its place", "str, for example in base64"),
    tuple: Refusal(_NO_DRIVER, "list"),
    set: Refusal(_NO_DRIVER, "list"),
    frozenset: Refusal("its text is stored, which is not read back", "list"),
    Any: Refusal("DataFlow asks isinstance(value, Any), which Python refuses", "dict, or str"),
    Literal: Refusal("DataFlow asks isinstance(value, Literal), which Python refuses", "str, or an Enum of str"),
}
_NATIVE: Final[tuple[Any, ...]] = (str, int, float, bool, Moments.datetime, dict, list, object)
_AS_TEXT: Final[tuple[Any, ...]] = (str, object, dict, list)
_NUMBERS_IN_TEXT: Final = Refusal("its column is one of text, so that numbers come back as text", "one type")


def refusal(annotation: object) -> Refusal | None:
    """Why a value of the type cannot be stored; None where it can. None itself always can."""
    kinds = alternatives(annotation)
    refusals = [_refusal(kind) for kind in kinds]
    if len(kinds) == 1 or all(refusals):
        return refusals[0] if refusals else None
    text = any((get_origin(kind) or kind) in _AS_TEXT for kind in kinds)
    return None if text else _NUMBERS_IN_TEXT


def _refusal(kind: Any) -> Refusal | None:
    origin = get_origin(kind)
    if kind in _NATIVE or origin is dict or origin is list:
        return None if origin is None else _of_json(kind)
    known = _REFUSALS.get(origin or kind)
    if known is not None:
        return known
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return None
    if is_typeddict(cast("object", kind)):
        return Refusal("DataFlow asks isinstance(value, ...), which a TypedDict refuses", "dict")
    if isinstance(kind, type):
        return Refusal("its text is stored, which is not read back", "dict, or fields of their own")
    return Refusal("DataFlow asks isinstance(value, ...), which this type refuses", "the type that it stands for")


def _of_json(annotation: object) -> Refusal | None:
    """The first part of a generic dict or list that JSON cannot hold."""
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and len(arguments) == 2 and arguments[0] not in (str, Any, object):
        return Refusal(f"JSON turns the keys of {type_name(annotation)} into text", "dict[str, ...]")
    for part in (member for argument in arguments for member in alternatives(argument)):
        if get_origin(part) in (dict, list, tuple):
            inner = _of_json(part)
            if inner is not None:
                return inner
        elif not _is_json(part):
            return Refusal(f"JSON cannot hold a {type_name(part)}", "a list or dict of str, int, float or bool")
    return None


def _is_json(part: Any) -> bool:
    if part in (*_NATIVE, Any, type(None), ...) and part is not Moments.datetime:
        return True
    if isinstance(part, type) and issubclass(part, enum.Enum):
        return issubclass(part, (str, int))
    return get_origin(part) is Literal or is_typeddict(cast("object", part))


def refused_fields(model: Model) -> Mapping[str, Refusal]:
    """The fields of which DataFlow stores no value but None, each with the reason."""
    found = {name: refusal(field.annotation) for name, field in model.fields.items()}
    return {name: problem for name, problem in found.items() if problem is not None}


def check_storable(model: Model, refused: Mapping[str, Refusal] | None = None) -> None:
    """Raises `UnstorableField` for a field of which no row can do without a value of a type that cannot be stored."""
    for name, problem in (refused_fields(model) if refused is None else refused).items():
        field = model.writable.get(name)
        if field is None or (model.tenant and name == "tenant_id"):
            continue
        if field.required or (field.default is not MISSING and field.default is not None):
            raise unstorable(model, field, problem)


def unstorable(model: Model, field: Field, problem: Refusal) -> UnstorableField:
    """The error for a field of such a type."""
    return UnstorableField(
        f"{model.name}.{field.name} is declared {type_name(field.annotation)}, which DataFlow cannot store",
        why=problem.why,
        do=f"declare it as {problem.instead}",
    )


def check_given(model: Model, values: Mapping[str, object], refused: Mapping[str, Refusal]) -> None:
    """Raises `UnstorableField` for a value, other than None, that is given for such a field."""
    for name in refused:
        if values.get(name) is not None:
            raise unstorable(model, model.fields[name], refused[name])
