"""Schemas of msgspec, as Litestar takes them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from polyfactory.factories.msgspec_factory import MsgspecFactory

from kailash_testkit.factories.schemas.moments import declared_classes, stable_faker
from kailash_testkit.factories.schemas.schema import Path, Problem, SchemaField

_PLACE: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_MISSING: Final = re.compile(r"^Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`")
_STEP: Final = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")
_KINDS: Final = (
    ("missing", _MISSING),
    ("extra_forbidden", _UNKNOWN),
    ("string_too_long", re.compile(r"of length <=")),
    ("string_too_short", re.compile(r"of length >=")),
    ("string_pattern_mismatch", re.compile(r"matching regex")),
    ("greater_than_equal", re.compile(r" >= \S+$")),
    ("greater_than", re.compile(r" > \S+$")),
    ("less_than_equal", re.compile(r" <= \S+$")),
    ("less_than", re.compile(r" < \S+$")),
    ("multiple_of", re.compile(r"multiple of")),
)
"""The words of pydantic for what msgspec refuses."""


class MsgspecSchema:
    """A msgspec struct."""

    def __init__(self, kind: Any) -> None:
        self.name: str = kind.__name__
        self._kind = kind
        self.fields = [
            SchemaField(each.name, each.encode_name, each.required, _maker(each.type))
            for each in msgspec.structs.fields(kind)
        ]

    def json_schema(self) -> Mapping[str, Any]:
        """As Litestar shows it."""
        return msgspec.json.schema(self._kind)

    def problems(self, body: object) -> Sequence[Problem]:
        """The first thing that msgspec refuses in a body of JSON."""
        try:
            msgspec.json.decode(msgspec.json.encode(body), type=self._kind)
        except msgspec.ValidationError as error:
            return [_problem(str(error))]
        return []


def _problem(text: str) -> Problem:
    place = _PLACE.search(text)
    message = text[: place.start()] if place else text
    path: Path = tuple(_steps(place["path"])) if place else ()
    kind = next((kind for kind, sign in _KINDS if sign.search(message)), "type")
    named = _MISSING.search(message) or _UNKNOWN.search(message)
    return Problem((*path, named["name"]) if named else path, kind, message)


def _steps(path: str) -> list[str | int]:
    """The keys and indices of a path; msgspec writes ``[...]`` for some item or entry."""
    found: list[str | int] = []
    for step in _STEP.finditer(path):
        if step["key"] is not None:
            found.append(step["key"])
        else:
            found.append(0 if step["index"] == "..." else int(step["index"]))
    return found


def _maker(annotation: Any) -> Callable[[int], object]:
    @functools.cache
    def factory() -> Any:
        holder = msgspec.defstruct("Holder", [("value", annotation)])
        return MsgspecFactory.create_factory(holder, __allow_none_optionals__=False, __faker__=stable_faker())

    def make(seed: int) -> object:
        factory().seed_random(seed)
        with declared_classes():
            made = factory().build().value
        return msgspec.to_builtins(made)

    return make
