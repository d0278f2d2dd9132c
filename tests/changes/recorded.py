"""Recorded changes and models, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from kailash_testkit.changes.net import Change, Kind, net_changes
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.models import Model
from kailash_testkit.models.model import Field
from kailash_testkit.models.rows import Row


class Status(str, Enum):
    OPEN = "open"
    PAID = "paid"


def model(name: str, table: str, /, *, soft_delete: bool = False, **annotations: object) -> Model:
    fields = {field: Field(field, kind) for field, kind in {"id": int, **annotations}.items()}
    return Model(name, table, fields, soft_delete=soft_delete)


MODELS: dict[str, Model] = {
    "orders": model("Order", "orders", total=float, status=Status, paid=bool, lines=list[int], due=datetime),
    "products": model("Product", "products", soft_delete=True, name=str),
}


class Recorder:
    """Writes a journal by hand: ``insert("orders", id=1)``, ``update("orders", {"id": 1}, status="paid")``."""

    def __init__(self) -> None:
        self.changes: list[RecordedChange] = []

    def insert(self, table: str, /, *, key: tuple[object, ...] | None = None, **row: object) -> None:
        key = key or (row["id"],)
        self._add(table, "insert", key, key, None, row)

    def update(self, table: str, before: Mapping[str, object], /, **values: object) -> dict[str, object]:
        after = {**before, **values}
        self._add(table, "update", (before["id"],), (after["id"],), before, after)
        return after

    def delete(self, table: str, before: Mapping[str, object], /, key: tuple[object, ...] | None = None) -> None:
        key = key or (before["id"],)
        self._add(table, "delete", key, key, before, None)

    def _add(self, table: str, kind: Literal["insert", "update", "delete"], *rest: Any) -> None:
        self.changes.append(RecordedChange(len(self.changes) + 1, table, kind, *rest))

    def net(self) -> list[Change]:
        return net_changes(self.changes, MODELS)


def change(kind: Kind, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Change:
    """A net change, as `net_changes` would give it."""
    row = after or before or {}
    old = None if before is None else Row(name, before)
    new = None if after is None else Row(name, after)
    return Change(name, kind, row["id"], old, new)


def made(name: str, /, **values: Any) -> Change:
    return change("created", name, None, values)
