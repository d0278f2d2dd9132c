"""What was written, held against what the test looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatchmethod
from typing import Any, Final, cast

from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.judge.comparing import agree
from kailash_testkit.models import Model
from kailash_testkit.models.equality import json_in_text, same
from kailash_testkit.models.model import TOMBSTONE
from kailash_testkit.store.filters import holds
from kailash_testkit.write_coverage.looking import FieldsRead, Look, NodeRead, Queried, RowSeen, Sql
from kailash_testkit.write_coverage.tracked import Answer
from kailash_testkit.write_coverage.written import Writing, Written, key_of

_GONE: Final = (404, 410)
_SHORT: Final = 3  # characters: shorter texts, and small numbers, are equal by chance
_SMALL: Final = 100


def hold(found: Sequence[Writing], looked: Sequence[Look], models: Iterable[Model]) -> None:
    """Marks the items that the test looked at."""
    judge = _Held(found, looked, {model.name: model for model in models})
    for place, look in enumerate(looked):
        judge.place = place
        judge.apply(look)


class _Held:
    """place: of the look that is applied now. Only what was answered until then can be looked at by it."""

    def __init__(self, found: Sequence[Writing], looked: Sequence[Look], models: Mapping[str, Model]) -> None:
        self._models = models
        self._items = [item for writing in found for item in writing.items]
        self._ended = {look.request: place for place, look in enumerate(looked) if isinstance(look, Answer)}
        self._by_row: dict[tuple[str, str], list[Written]] = {}
        for item in self._items:
            self._by_row.setdefault((item.model, item.row_id), []).append(item)
        self.place = 0

    def _so_far(self, model: str | None = None) -> list[Written]:
        return [
            item
            for item in self._items
            if (model is None or item.model == model) and self._ended.get(item.request, -1) <= self.place
        ]

    @singledispatchmethod
    def apply(self, look: Look) -> None:
        """Marks what a look looked at."""
        raise TypeError(look)

    @apply.register
    def _(self, look: FieldsRead) -> None:
        for item in self._by_row.get((look.model, key_of(look.row_id)), ()):
            if item.kind == "deleted":
                item.looked = item.looked or TOMBSTONE in look.values
            elif item.column is None or (item.column in look.values and _equal(look.values[item.column], item.value)):
                item.looked = True

    @apply.register
    def _(self, look: RowSeen) -> None:
        for item in self._by_row.get((look.model, key_of(look.row_id)), ()):
            if item.column is None and item.kind == look.kind:
                item.looked = True

    @apply.register
    def _(self, look: Queried) -> None:
        model = self._models.get(look.model)
        for item in self._so_far(look.model):
            if item.column is not None:
                item.looked = item.looked or item.column in look.conditions
            elif model is not None and holds(model, look.conditions, item.row):
                item.looked = True

    @apply.register
    def _(self, look: Sql) -> None:
        words = set(re.findall(r"\w+", look.text.lower()))
        for item in self._so_far():
            table = self._models[item.model].table if item.model in self._models else item.model
            if table.lower() in words and (item.column is None or "*" in look.text or item.column.lower() in words):
                item.looked = True

    @apply.register
    def _(self, look: NodeRead) -> None:
        for item in self._so_far(look.model):
            item.looked = True

    @apply.register
    def _(self, look: Answer) -> None:
        self._seen_by_status(look)
        objects = [*look.objects()]
        for item in self._so_far() if objects else ():
            if item.column is not None:
                seen = any(_reads(body, keys, item) for body, keys in objects)
            else:
                seen = item.kind != "deleted" and any(_is_of(body, item) for body, _ in objects)
            if seen:
                self._mark(item, look.request)

    @staticmethod
    def _mark(item: Written, request: TimedRequest) -> None:
        if item.request is request:
            item.in_own_answer = True
        else:
            item.looked = True

    def _seen_by_status(self, look: Answer) -> None:
        """A later GET of the row's own path shows whether it is there, one of its collection whether it is listed."""
        request = look.request
        if request.method not in ("GET", "HEAD"):
            return
        *_, last = request.path.rstrip("/").split("/")
        for item in self._so_far():
            if item.column is not None or item.request is request:
                continue
            is_path = last == item.row_id
            if item.kind == "deleted":
                listed = look.is_read and request.succeeded and _is_collection_of(request.path, item.request.path)
                item.looked = item.looked or (is_path and request.status in _GONE) or listed
            elif is_path and request.succeeded:
                item.looked = True


def _is_collection_of(path: str, other: str) -> bool:
    return other.startswith(path.rstrip("/") + "/")


def _is_of(body: Mapping[str, Any], item: Written) -> bool:
    return "id" in body and str(body["id"]) == item.row_id


def _reads(body: Mapping[str, Any], keys: Iterable[str], item: Written) -> bool:
    """Whether the value of the item is one of those that were read of an object."""
    is_other = "id" in body and not _is_of(body, item)
    for key in keys:
        if key not in body:
            continue
        value: object = body[key]
        named = _flat(key) == _flat(item.column or "")
        if ((named and not is_other) or _is_distinctive(value)) and _equal(value, item.value):
            return True
    return False


def _equal(seen: object, stored: object) -> bool:
    """Whether they are the same value; an answer may show it in its own form."""
    if same(seen, stored) or agree(stored, seen) or str(seen) == str(stored):
        return True
    is_json = isinstance(stored, str) and isinstance(seen, Mapping | Sequence) and not isinstance(seen, str)
    return is_json and agree(json_in_text(str(stored)), cast("object", seen))


def _is_distinctive(value: object) -> bool:
    """Whether the same value under another name is the same by no chance."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return abs(value) >= _SMALL
    return isinstance(value, str) and len(value) >= _SHORT


def _flat(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
