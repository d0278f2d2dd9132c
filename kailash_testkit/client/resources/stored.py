"""`StoredRows`: what the database holds, for what the API says to be held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from kailash_testkit import open_kits
from kailash_testkit.changes.net import TENANT
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.models.equality import same
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.models.types import decode
from kailash_testkit.text import display

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

_ALL = 2**31 - 1


class StoredRows:
    """The rows of one model as the kit's own connection sees them.

    kit: the kit of the model's database.
    model: the model or its name.
    where: column values that tell the resource's rows from others.
    server_set: columns that the application sets itself.
    allow: models whose rows may change along.
    """

    def __init__(
        self,
        kit: Kit,
        model: type | str,
        where: Mapping[str, object],
        server_set: Collection[str],
        allow: Collection[type | str],
    ) -> None:
        self.kit = kit
        self.model = kit.store.model(model)
        self._where = where
        self.server_set = server_set
        self.allow = {other if isinstance(other, str) else other.__name__ for other in allow}
        for name in where:
            self.model.column(name)  # refuses a misspelt one, which would match no row

    def row(self, row_id: object) -> Row | None:
        """The row with that id, soft-deleted or not. row_id: as the API writes it, so "7" may be the id 7."""
        key = jsonable(self.as_id(row_id))
        found = self.kit.database.row(self.model.table, key if isinstance(key, int | str) else str(key))
        return None if found is None else Row.decoded(self.model, found)

    def as_id(self, row_id: object) -> object:
        """The id in the model's type. row_id: as the API writes it."""
        kind = self.model.columns["id"]
        if kind is int and isinstance(row_id, str) and row_id.lstrip("-").isdigit():
            return int(row_id)
        return decode(kind, row_id)

    @property
    def tenant(self) -> str | None:
        """The active tenant, if the rows belong to one; that of ``where`` comes first."""
        named = self._where.get(TENANT)
        if not self.model.tenant or named is not None:
            return None if named is None else str(named)
        return self.kit.active_tenant()

    def hidden(self, row: Row | None) -> str | None:
        """Why no answer may show a row, in words; None where one may."""
        if row is None:
            return "not stored"
        if _is_tombstone(row):
            return "soft-deleted"
        return f"of tenant {row[TENANT]!r}" if self.is_others(row) else None

    def is_others(self, row: Row) -> bool:
        """Whether the row belongs to another tenant than the active one."""
        return self.tenant is not None and row.as_dict().get(TENANT, self.tenant) != self.tenant

    def visible(self, row_id: object) -> Row | None:
        """The row with that id unless it is soft-deleted, or another tenant's than the active one."""
        row = self.row(row_id)
        return None if self.hidden(row) else row

    def all(self, parameters: Mapping[str, object], tenants: Collection[object] | None = None) -> list[Row]:
        """The rows that the resource's list shows; without soft-deleted ones.

        parameters: filters of the query. tenants: whose rows, where no tenant is active.
        """
        ids = self.kit.database.sample_ids(self.model.table, _ALL)
        rows = (self.visible(row_id) for row_id in ids)
        return [
            row
            for row in rows
            if row is not None
            and self._is_listed(row, parameters)
            and (tenants is None or row.as_dict().get(TENANT) in tenants)
        ]

    def _is_listed(self, row: Row, parameters: Mapping[str, object]) -> bool:
        return all(same(value, row[name]) for name, value in self._where.items()) and all(
            _as_parameter(value) == _as_parameter(row[name]) for name, value in parameters.items()
        )

    def missing(self, row_id: object) -> str:
        """Why there is no row to show: it never was, or it is soft-deleted."""
        row = self.row(row_id)
        if row is not None:
            if self.is_others(row):
                return f"{self.model.name} {row_id!r} belongs to tenant {row[TENANT]!r}; active is {self.tenant!r}"
            return f"{self.model.name} {row_id!r} is soft-deleted: deleted_at is {display(row['deleted_at'])}"
        return f"table {self.model.table} has no row with id {row_id!r}"


def kit_of(kit: Kit | None, model: type | str) -> Kit:
    """The kit whose DataFlow has the model: the client's, or another one under test.

    Raises `ConfigurationError` without any, and for a name that several of the others have.
    """
    if kit is None:
        raise ConfigurationError(
            "api.resource(path, model=...) checks the database, and this client has no kit",
            do="use the api fixture, or ApiClient(app, kit=kit)",
        )
    return open_kits.with_model(kit, model)


def _is_tombstone(row: Row) -> bool:
    return "deleted_at" in row and row["deleted_at"] is not None


def _as_parameter(value: object) -> str:
    """A value as httpx writes it into a query."""
    value = jsonable(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
