"""What became of a value that was stored and read back, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, get_origin

from kailash_testkit.doctor.samples import Sample
from kailash_testkit.internals.dataflow import rewrites_text
from kailash_testkit.models.types import alternatives, decode
from kailash_testkit.text import truncate_repr


class Outcome(enum.StrEnum):
    """What became of a value."""

    SAME = "same"
    OTHER_FORM = "other form"
    ALTERED = "altered"
    REFUSED = "refused"
    STORED_THEN_RAISED = "stored, then raised"

    @property
    def is_loss(self) -> bool:
        """Whether the value does not come back; another form of the same value can be."""
        return self not in (Outcome.SAME, Outcome.OTHER_FORM)


@dataclass(frozen=True)
class Verdict:
    """One value's round trip. back: what was read, or why it was refused, in words."""

    sample: Sample
    outcome: Outcome
    back: str


def judged(annotation: object, sample: Sample, back: object) -> Verdict:
    """The verdict on a value that was stored and read back."""
    value = sample.value
    if type(back) is type(value) and back == value:
        return Verdict(sample, Outcome.SAME, "")
    again = decode(annotation, back)
    readable = type(again) is type(value) and again == value
    return Verdict(sample, Outcome.OTHER_FORM if readable else Outcome.ALTERED, shown(back))


def shown(value: object) -> str:
    """A value in a cell of the table."""
    if isinstance(value, enum.Enum):
        text = f"{type(value).__name__}.{value.name}"
    else:
        text = str(value) if isinstance(value, date | time) else truncate_repr(value)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."


_WIDEST: Final = 40
_AS_TEXT: Final = "declare str, and store {} yourself"
_BY_TYPE: Final = {
    "bool": "compare with bool(value); the kit's rows have it as bool",
    "date": _AS_TEXT.format("value.isoformat()"),
    "time": _AS_TEXT.format("value.isoformat()"),
    "Decimal": _AS_TEXT.format("str(value)"),
    "UUID": _AS_TEXT.format("str(value)"),
    "bytes": _AS_TEXT.format("base64.b64encode(value).decode()"),
    "tuple": "declare list",
    "set": "declare list, and store sorted(value)",
    "frozenset": "declare list, and store sorted(value)",
    "float": "declare str, or compare rounded values",
    "int": "declare str for numbers of that size",
    "Literal": "declare str, and check the value in the API",
    "Any": "declare the type that it has",
    "dict": "declare dict without types of keys and values",
    "list": "declare list without a type of items",
}
_LONG: Final = 255


def cure(annotation: object, verdict: Verdict) -> str:
    """What to do about a value that does not come back as it went in."""
    value = verdict.sample.value
    if value is None:
        return "declare it with a default: = None"
    if isinstance(value, datetime):
        return _of_moment(value, verdict)
    if isinstance(value, str) and not isinstance(value, enum.Enum) and str in alternatives(annotation):
        return _of_text(value)
    (kind, *_) = alternatives(annotation)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "compare with .value" if issubclass(kind, str) else "declare a str Enum: class Kind(str, Enum)"
    return _BY_TYPE.get(_name(kind, value), "declare dict, and store its fields")


def _name(kind: Any, value: object) -> str:
    origin = get_origin(kind)
    if origin is not None:
        return "Literal" if not isinstance(origin, type) else origin.__name__
    return getattr(kind, "__name__", None) or getattr(kind, "_name", None) or type(value).__name__


def _of_moment(value: datetime, verdict: Verdict) -> str:
    if value.tzinfo is not None and verdict.outcome.is_loss:
        return "store it naive: value.astimezone(UTC).replace(tzinfo=None)"
    if verdict.outcome.is_loss:
        return "store whole seconds: value.replace(microsecond=0)"
    return "read it with datetime.fromisoformat(value)"


def _of_text(value: str) -> str:
    if "\0" in value:
        return "take NULs out before storing"
    if rewrites_text(value):
        return "DataFlow rewrites text that looks like SQL; encode it, or set it with an update"
    if len(value) > _LONG:
        return f"refuse texts of more than {_LONG} characters in the API"
    return "check the text before storing"
