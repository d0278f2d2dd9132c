"""`Schema`: what the kit needs of a pydantic model, a dataclass, a TypedDict or a msgspec struct."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """What a schema refuses: where, which of its rules (in the words of its library), and why."""

    path: Path
    kind: str
    message: str


@dataclass(frozen=True)
class SchemaField:
    """A field: its name in Python, its key in JSON, whether it must be there, and what makes a value for a seed."""

    name: str
    key: str
    required: bool
    make: Callable[[int], object]


class Schema(Protocol):
    """A schema of any kind."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def fields(self) -> Sequence[SchemaField]:
        """Its fields."""
        ...

    def json_schema(self) -> Mapping[str, Any]:
        """The same in JSON Schema."""
        ...

    def problems(self, body: object, /) -> Sequence[Problem]:
        """What it refuses in a body; msgspec tells the first problem only."""
        ...
