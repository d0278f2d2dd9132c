"""What the code that called the kit has in scope: how it can name a row's id, a model, an expectation."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Final, cast

from kailash_testkit.models.equality import same
from kailash_testkit.models.rows import BaseRow, jsonable, model_of

_PACKAGE: Final = __name__.partition(".")[0]
_FACTORY: Final = f"{_PACKAGE}.factories.base", "FactoryBase"
_LONG: Final = 8  # characters of a text that no other value equals by chance
_MOST: Final = 50  # rows of a list that are gone through
_PLAIN_NAMES: Final = ("id", "pk", "row_id")


class Scope:
    """Variables, and the names of the module. Nothing in it is called but a factory of the kit."""

    def __init__(self, variables: Mapping[str, object], module: Mapping[str, object]) -> None:
        self._variables = {name: value for name, value in variables.items() if name.isidentifier() and name[0] != "_"}
        self._all = {**module, **self._variables}

    @classmethod
    def of_caller(cls) -> Scope:
        """That of the nearest code that is not the kit's."""
        frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - documented
        while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == _PACKAGE:
            frame = frame.f_back
        return cls({}, {}) if frame is None else cls(frame.f_locals, frame.f_globals)

    def has(self, name: str) -> bool:
        """Whether the code can use the name."""
        return name in self._all

    def name_of(self, value: object) -> str | None:
        """The variable that is this very object."""
        return next((name for name, held in self._variables.items() if held is value), None)

    def factory_of(self, model: str) -> str | None:
        """The name of a factory of the model."""
        for name, held in self._all.items():
            if _is_factory(held) and cast("Any", held).created().model == model:
                return name
        return None

    def class_of(self, model: str) -> str | None:
        """The name of the model's class."""
        held = self._all.get(model)
        return model if isinstance(held, type) and held.__name__ == model else None

    def member(self, value: enum.Enum) -> str | None:
        """A member of an Enum, by the name of its class."""
        kind = type(value)
        return f"{kind.__name__}.{value.name}" if self._all.get(kind.__name__) is kind else None

    def id_of(self, model: str, row_id: object, row: BaseRow | None = None) -> str | None:
        """What has the id of that row. row: as it is stored, to know it again in an answer."""
        for name, value in self._variables.items():
            found = next(_with_id(name, value, model, row_id, row), None)
            if found is not None:
                return found
        return None


def _is_factory(value: object) -> bool:
    return any((kind.__module__, kind.__name__) == _FACTORY for kind in type(value).__mro__)


def _with_id(name: str, value: object, model: str, row_id: object, row: BaseRow | None) -> Iterator[str]:
    if isinstance(value, BaseRow):
        if _is_of(model, model_of(value)) and "id" in value and same(value.as_dict()["id"], row_id):
            yield f"{name}.id"
    elif isinstance(value, list | tuple):
        for number, item in enumerate(cast("list[object]", value)[:_MOST]):
            if isinstance(item, BaseRow):
                yield from _with_id(f"{name}[{number}]", item, model, row_id, row)
    elif isinstance(value, Mapping):
        if _shows(cast("Mapping[str, object]", value), row_id, row):
            yield f'{name}["id"]'
    elif isinstance(value, str | int):
        if not isinstance(value, bool) and value == row_id and _is_named_after(name, value, model):
            yield name
    elif type(value).__name__ == "Response" and _shows(_answer(value), row_id, row):
        yield f'{name}.json()["id"]'


def _is_of(model: str, other: str) -> bool:
    return _flat(model) == _flat(other)


def _is_named_after(name: str, value: object, model: str) -> bool:
    """Whether a plain value can be no other than the row's id."""
    stem = name.removesuffix("_id")
    is_id = name in _PLAIN_NAMES or (stem != name and _flat(model) in _flat(stem))
    return is_id or (isinstance(value, str) and len(value) >= _LONG)


def _flat(name: str) -> str:
    return name.replace("_", "").lower()


def _shows(item: Mapping[str, object], row_id: object, row: BaseRow | None) -> bool:
    """Whether an answer's object is that row: its id, and another of its values."""
    if row is None or "id" not in item or item["id"] != jsonable(row_id):
        return False
    stored = row.as_json()
    return any(name != "id" and name in stored and stored[name] == value for name, value in item.items())


def _answer(response: object) -> Mapping[str, object]:
    """The object of a response that was read as a whole."""
    content = getattr(response, "__dict__", {}).get("_content")
    try:
        body: object = json.loads(content) if isinstance(content, bytes) else None
    except ValueError:
        return {}
    return cast("Mapping[str, object]", body) if isinstance(body, dict) else {}
