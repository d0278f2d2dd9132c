"""What the words of an API mean in the database: which model a path, a parameter or a field is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kailash_testkit.explore.operations import Operation
from kailash_testkit.judge.cases import Ledger
from kailash_testkit.models import Model
from kailash_testkit.models.types import alternatives
from kailash_testkit.text import folded

_ID: Final = re.compile(r"^(.+?)_?(ids?|uuids?|pk)$", re.IGNORECASE)
_WORD_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Subject:
    """The model whose rows an operation is about. column: what the path's own parameter holds, None without one.

    is_action: the path does not end with the collection or the row: something is done, or looked for.
    """

    model: Model
    column: str | None
    is_action: bool


@dataclass
class Subjects:
    """What paths mean: by their words, else by what was seen. seen: by collection, the model of which it made rows."""

    models: Mapping[str, Model]
    seen: dict[str, Model] = field(default_factory=dict[str, Model])

    def by_name(self) -> Mapping[str, Model]:
        """The models by name."""
        return {model.name: model for model in self.models.values()}

    def of(self, operation: Operation) -> Subject | None:
        """What an operation is about, as far as that is known."""
        own = operation.own_parameter
        model = self.seen.get(operation.collection)
        if model is None:
            target = Ledger(self.models, (), _NoRows()).target(operation.path)
            if target is None:
                model = self._by_suffix(operation)
            elif target.is_action or (target.row_id is not None and own is None):
                return Subject(target.model, None, True)
            else:
                model = target.model
        if model is None:
            named = self._in_words(operation.path)
            return None if named is None else Subject(named, None, True)
        return Subject(model, None if own is None else column_of(own, model), False)

    def _by_suffix(self, operation: Operation) -> Model | None:
        """``/orders/{id}/lines``: the one model whose name ends with Line."""
        word = _singular(operation.collection.rpartition("/")[2])
        found = [model for model in self.models.values() if word and folded(model.name).endswith(word)]
        return found[0] if len(found) == 1 else None

    def _in_words(self, path: str) -> Model | None:
        """``/workflows/take_item/execute``: the one model whose name is among the words."""
        words = {_singular(word) for part in path.split("/") for word in re.split(r"[^A-Za-z0-9]", part) if word}
        found = [model for model in self.models.values() if folded(model.name) in words]
        return found[0] if len(found) == 1 else None

    def referred(self, name: str, about: Subject | None) -> tuple[Model, str] | None:
        """The model and column of which a parameter or field with that name holds a value."""
        if about is not None and name == "id" and (about.column is not None or about.is_action):
            return about.model, "id"
        parent = parent_by_name(name, self.by_name())
        return None if parent is None else (parent, "id")


class _NoRows:
    def rows(self, table: str, ids: object, /) -> list[Mapping[str, object]]:
        """None: a path is looked at only."""
        return []


def parent_by_name(name: str, models: Mapping[str, Model]) -> Model | None:
    """The model whose id a field holds by its name: ``customer_id``, ``customerId``, ``customer_ids``."""
    found = _ID.match(_WORD_BREAK.sub("_", name))
    if found is None:
        return None
    word = folded(found[1])
    exact = [model for model in models.values() if word in _names(model)]
    if exact:
        return exact[0]
    ends = [model for model in models.values() if folded(model.name).endswith(word) and len(word) > 2]
    return ends[0] if len(ends) == 1 else None


def column_of(parameter: str, model: Model) -> str:
    """The column that the last parameter of a path holds: ``id`` unless a column has its name."""
    if parameter in model.columns and not parameter.endswith("_id"):
        return parameter
    plain = folded(parameter)
    for name in model.columns:
        if name != "id" and plain == folded(model.name) + folded(name):
            return name
    return "id"


def is_number(model: Model, column: str) -> bool:
    """Whether a column holds whole numbers."""
    return int in alternatives(model.columns.get(column, str))


def _names(model: Model) -> set[str]:
    name, table = folded(model.name), folded(model.table)
    return {name, table, _singular(name), _singular(table)}


def _singular(word: str) -> str:
    plain = folded(word)
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    return plain.removesuffix("s") if not plain.endswith("ss") else plain


def names_of(models: Iterable[Model]) -> list[str]:
    """The names of models."""
    return [model.name for model in models]
