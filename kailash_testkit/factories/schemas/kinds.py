"""Which kind of schema a class is."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from typing import Any, cast

from kailash_testkit.errors import ConfigurationError, FieldTypeError
from kailash_testkit.factories.schemas.schema import Schema
from kailash_testkit.text import truncate_repr


def schema_of(kind: type) -> Schema:
    """The schema that a class is. Raises `FieldTypeError` for another, `ConfigurationError` without polyfactory."""
    given = cast("object", kind)  # a test may give anything
    if isinstance(given, type) and (_is_struct(given) or _is_for_pydantic(given)):
        _require_polyfactory()
        return _schema(given)
    raise FieldTypeError(
        f"schema={truncate_repr(given)} is no schema",
        why="the kit knows pydantic models, dataclasses, TypedDicts and msgspec structs",
        do="give the class that the route takes",
    )


@functools.cache
def _schema(kind: Any) -> Schema:
    if _is_struct(kind):
        from kailash_testkit.factories.schemas.msgspec_schema import MsgspecSchema

        return MsgspecSchema(kind)
    from kailash_testkit.factories.schemas.pydantic_schema import PydanticSchema

    return PydanticSchema(kind)


def _is_struct(kind: Any) -> bool:
    return hasattr(kind, "__struct_fields__")


def _is_for_pydantic(kind: Any) -> bool:
    return hasattr(kind, "model_fields") or dataclasses.is_dataclass(kind) or hasattr(kind, "__required_keys__")


def _require_polyfactory() -> None:
    try:
        importlib.import_module("polyfactory")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "payload(schema=...) needs polyfactory, which is not installed",
            do='pip install "kailash-testkit[schemas]"',
        ) from None
