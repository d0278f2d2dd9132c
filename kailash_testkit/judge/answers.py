"""The rows that an answer claims to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.judge.bodies import item_in, items_in
from kailash_testkit.judge.cases import Case, Ledger
from kailash_testkit.judge.comparing import MANAGED_COLUMNS
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row, jsonable

_MOST: Final = 20  # of one list
_FEWEST_FIELDS: Final = 2
_ADDED: Final = frozenset({"id", "tenant_id", *MANAGED_COLUMNS})


@dataclass(frozen=True)
class Shown:
    """An object with an id in an answer, the model of which it seems to be a row, and that row, if it is stored."""

    model: Model
    item: Mapping[str, Any]
    row: Row | None


def shown_rows(case: Case, ledger: Ledger, otherwise: Model | None = None) -> list[Shown]:
    """Of the model that the path names, or of one whose row with that id the request changed.

    otherwise: what it is about where the path's words are none of a model.
    """
    return [
        Shown(model, item, ledger.row(model, item["id"], case.request))
        for item in _items(case.answer)
        for model in _models(case, item, ledger, otherwise)
    ]


def _items(answer: object) -> Iterator[Mapping[str, Any]]:
    listed = items_in(answer, None)
    one = item_in(answer, None, "id") if listed is None or not listed else None
    for item in listed[:_MOST] if listed else [one] if one is not None else []:
        if isinstance(item.get("id"), str | int) and not isinstance(item["id"], bool):
            yield item


def _models(case: Case, item: Mapping[str, Any], ledger: Ledger, otherwise: Model | None) -> Iterator[Model]:
    """The model of an object: one at most."""
    written = [change for change in case.changes if str(jsonable(change.id)) == str(item["id"])]
    for change in written:
        model = ledger.model(change.model)
        if model is not None and change.kind != "deleted" and _fits(item, model):
            yield model
            return
    target = ledger.target(case.request.path)
    if target is None and otherwise is not None and _fits(item, otherwise):
        yield otherwise
    if target is None or target.is_action or not _fits(item, target.model):
        return
    if target.row_id is None or target.row_id == str(item["id"]):
        yield target.model


def _fits(item: Mapping[str, Any], model: Model) -> bool:
    """Whether an object has the fields of the model, and few others."""
    declared = [name for name in model.columns if name not in _ADDED]
    common = [name for name in declared if name in item]
    return len(common) >= min(_FEWEST_FIELDS, len(declared)) and len(item) <= 2 * len(common) + len(_ADDED)
