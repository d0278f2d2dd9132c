"""A request as data: it can be sent again, made smaller, remembered, and written down as a test."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast
from urllib.parse import quote

Whom = Literal["user", "other", "nobody"]
"""Whose credentials a request carries: those of ``login``, those of ``as_other``, or none."""

_PARAMETER: Final = re.compile(r"\{([^}/]*)\}")


class NoBody:
    """Stands for a request without a body; None is a body like any other."""

    def __repr__(self) -> str:
        return "NO_BODY"


NO_BODY: Final = NoBody()


@dataclass(frozen=True)
class Made:
    """Stands for a column of the row that an earlier call of the same series created, or else changed."""

    step: int
    column: str = "id"


@dataclass(frozen=True)
class Call:
    """One request. path: as the description has it, ``/orders/{order_id}``. edge: the value that is tried, in words."""

    method: str
    path: str
    path_parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: object = NO_BODY
    media_type: str = "application/json"
    whom: Whom = "user"
    edge: str = ""

    @property
    def operation(self) -> str:
        """``POST /orders/{order_id}``."""
        return f"{self.method} {self.path}"

    def url(self) -> str:
        """The path with its values, without the query."""
        values = self.path_parameters
        return _PARAMETER.sub(
            lambda found: quote(_text(values.get(found[1].partition(":")[0], "")), safe=""), self.path
        )

    def as_whom(self, whom: Whom) -> Call:
        """The same with other credentials."""
        return replace(self, whom=whom)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_object(value: object) -> dict[str, object] | None:
    """The value if it is an object of JSON."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


Script = Sequence[Call]
"""Requests to be sent one after the other."""


def mapped(value: object, change: Callable[[Made], object]) -> object:
    """A value with each `Made` in it replaced."""
    if isinstance(value, Made):
        return change(value)
    if isinstance(value, dict):
        return {name: mapped(each, change) for name, each in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [mapped(each, change) for each in cast("list[object]", value)]
    return value


def with_made(call: Call, change: Callable[[Made], object]) -> Call:
    """A call with each `Made` in it replaced."""
    path = cast("Mapping[str, object]", mapped(dict(call.path_parameters), change))
    query = cast("Mapping[str, object]", mapped(dict(call.query), change))
    return replace(call, path_parameters=path, query=query, body=mapped(call.body, change))


def steps_needed(call: Call) -> set[int]:
    """The calls before it whose rows it is about."""
    found: set[int] = set()

    def note(made: Made) -> object:
        found.add(made.step)
        return made

    with_made(call, note)
    return found


def as_json(call: Call) -> dict[str, Any]:
    """For a file."""
    body = {} if isinstance(call.body, NoBody) else {"body": mapped(call.body, _made_as_json)}
    plain = with_made(replace(call, body=NO_BODY), _made_as_json)
    return {
        "method": call.method,
        "path": call.path,
        "path_parameters": dict(plain.path_parameters),
        "query": dict(plain.query),
        "media_type": call.media_type,
        "whom": call.whom,
        "edge": call.edge,
        **body,
    }


def _made_as_json(made: Made) -> object:
    return {"$made": made.step, "column": made.column}


def from_json(stored: Mapping[str, Any]) -> Call:
    """What `as_json` wrote. Raises KeyError for anything else."""
    return Call(
        stored["method"],
        stored["path"],
        _revived(stored["path_parameters"]),
        _revived(stored["query"]),
        {},
        _revived(stored["body"]) if "body" in stored else NO_BODY,
        stored["media_type"],
        stored["whom"],
        stored["edge"],
    )


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        if "$made" in entries:
            return Made(int(entries["$made"]), str(entries["column"]))
        return {name: _revived(each) for name, each in entries.items()}
    if isinstance(value, list):
        return [_revived(each) for each in cast("list[Any]", value)]
    return value
