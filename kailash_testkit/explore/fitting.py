"""Whether a value fits a schema of JSON, as far as it can be told quickly: for values that are put into a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, cast
from uuid import UUID

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a value fits. schema: without references at its top."""
    if value is None:
        return bool(schema.get("nullable")) or schema.get("type") == "null" or not schema
    kinds = _KINDS.get(str(schema.get("type")))
    if isinstance(value, float) and value.is_integer() and kinds == (int,):  # 1.0 is an integer of JSON
        value = int(value)
    if kinds is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        return False
    options: list[object] = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if options and value not in options:
        return False
    if isinstance(value, str):
        return _text_fits(value, schema)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_fits(value, schema)
    if isinstance(value, list):
        length = len(cast("list[object]", value))
        return int(schema.get("minItems", 0)) <= length <= int(schema.get("maxItems", length))
    if isinstance(value, dict):
        return all(name in value for name in schema.get("required", ()))
    return True


def _text_fits(value: str, schema: Mapping[str, Any]) -> bool:
    longest = int(schema.get("maxLength", len(value)))
    if not int(schema.get("minLength", 0)) <= len(value) <= longest:
        return False
    pattern = schema.get("pattern")
    if pattern is not None:
        try:
            if re.search(pattern, value) is None:
                return False
        except re.error:
            return False
    return _format_fits(value, str(schema.get("format", "")))


def _format_fits(value: str, form: str) -> bool:
    try:
        if form == "date-time":
            datetime.fromisoformat(value)
            return len(value) > len("2025-01-01")
        if form == "date":
            date.fromisoformat(value)
        if form in ("uuid", "uuid4"):
            UUID(value)
    except ValueError:
        return False
    if form == "email":
        return re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value) is not None
    if form in ("uri", "url"):
        return "://" in value
    return True


def _number_fits(value: float, schema: Mapping[str, Any]) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step = schema.get("multipleOf")
    return bool(
        (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or isinstance(above, bool) or value > above)
        and (below is None or isinstance(below, bool) or value < below)
        and (step is None or abs(value / step - round(value / step)) < 1e-9)
    )
