"""The row that a row belongs to, as ``derived(lambda row, parent: ...)`` sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from kailash_testkit.errors import DeclarationError, MissingField
from kailash_testkit.factories.declarations import Values
from kailash_testkit.factories.drafts import Draft, NotKnownYetError
from kailash_testkit.factories.relations import Related
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row
from kailash_testkit.text import comma_join


class PlannedParent(Protocol):
    """What is seen of a row that is made by the same call."""

    @property
    def draft(self) -> Draft: ...
    @property
    def stored(self) -> Row | None: ...


class Parents:
    """The rows that one row of a model belongs to.

    relations: what the factory declares, by field. planned: the rows that the same call makes, by field.
    child_of: the field by which the row is a child of another, if it is.
    """

    __slots__ = ("_child_of", "_model", "_planned", "_relations")

    def __init__(
        self,
        model: Model,
        relations: Mapping[str, Related],
        planned: Mapping[str, PlannedParent],
        child_of: str | None = None,
    ) -> None:
        self._model = model
        self._relations = relations
        self._planned = planned
        self._child_of = child_of

    def find(self, field: str | None, row: Values) -> Any:
        """The row whose id is in the field; by default the only such field. None where that is None.

        Raises `DeclarationError` where no field, or more than one, comes into question, and where there is no such row.
        """
        field = field or self._child_of or self._only()
        planned = self._planned.get(field)
        if planned is not None:
            return _Parent(planned)
        relation = self._relations.get(field)
        if relation is None:
            raise DeclarationError(
                f"{self._model.name}.{field} is no relation, so it has no row to derive from",
                why=f"the factory's relations are: {comma_join(self._relations)}",
                do=f"declare {field}=related(...)",
            )
        row_id = row[field]
        if row_id is None:
            return None
        store, model = relation.definition().resolved()
        stored = store.stored(model, row_id)
        if stored is None:
            raise DeclarationError(
                f"{self._model.name}.{field}: no {model.name} with id {row_id!r} is stored, so nothing derives from it",
                do="give the id of a row that is stored",
            )
        return stored

    def _only(self) -> str:
        fields = sorted({*self._relations, *self._planned} & self._model.columns.keys())
        if len(fields) == 1:
            return fields[0]
        what, do = "no relation", "declare one: order_id=related(orders)"
        if fields:
            what, do = "several relations", f'say which it is: derived(..., parent="{fields[0]}")'
        raise DeclarationError(
            f"derived(...) takes a row and its parent, and the factory for {self._model.name} has {what}",
            why=f"its relations are: {comma_join(fields)}",
            do=do,
        )


class _Parent:
    """A row that is made by the same call: what is known of it by now."""

    __slots__ = ("_planned",)

    def __init__(self, planned: PlannedParent) -> None:
        self._planned = planned

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        planned = self._planned
        if planned.stored is not None and name in planned.stored:
            return planned.stored[name]
        try:
            return planned.draft.view[name]
        except MissingField:
            if planned.stored is not None:
                raise
            raise NotKnownYetError(name) from None  # such as an id that the database gives: the child can wait
