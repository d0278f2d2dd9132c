"""What the database holds and what changed in it, held against what the API says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from kailash_testkit import http_library as httpx
from kailash_testkit import looks, open_kits
from kailash_testkit.changes import Change, Changes
from kailash_testkit.changes.looked_at import note_checked
from kailash_testkit.changes.net import TENANT
from kailash_testkit.changes.report import listing
from kailash_testkit.errors import ConfigurationError, StoredRowMismatch, UnconfirmedWrite, UnexpectedChanges
from kailash_testkit.judge.bodies import answered, shown
from kailash_testkit.judge.comparing import MANAGED_COLUMNS, not_stored, reason
from kailash_testkit.models.differences import differences, lines
from kailash_testkit.models.equality import identical, same
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.models.types import decode
from kailash_testkit.redaction import masked
from kailash_testkit.text import display

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

_MOST = 8  # lines of changes in a message
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
        self._server_set = server_set
        self._allow = {other if isinstance(other, str) else other.__name__ for other in allow}
        for name in where:
            self.model.column(name)  # refuses a misspelt one, which would match no row

    # --- reading -------------------------------------------------------------------------------

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
        return f"of tenant {row[TENANT]!r}" if self._is_others(row) else None

    def _is_others(self, row: Row) -> bool:
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
            if self._is_others(row):
                return f"{self.model.name} {row_id!r} belongs to tenant {row[TENANT]!r}; active is {self.tenant!r}"
            return f"{self.model.name} {row_id!r} is soft-deleted: deleted_at is {display(row['deleted_at'])}"
        return f"table {self.model.table} has no row with id {row_id!r}"

    # --- after a write ---------------------------------------------------------------------------

    def check_created(
        self, response: httpx.Response, row_id: object, sent: Mapping[str, object], changes: Changes
    ) -> Row:
        """The created row. Raises when it is not stored, not as sent, or when anything else changed."""
        self._refuse_another_tenants(response, row_id, changes)
        row = self.visible(row_id)
        created = any(same(row.id, change.id) for change in changes.created(self.model.name)) if row else False
        if row is None or not created:
            missing = self.missing(row_id) if row is None else "a row with this id was there before, and is no new one"
            raise self._unconfirmed(
                row_id,
                f"{answered(response)}, and no {self.model.name} {row_id!r} was stored",
                details=[shown(response), *_change_lines(changes)],
                why=missing,
                do="check the results of the nodes in the handler: CreateNode returns success: False, "
                "it does not raise",
            )
        wrong = not_stored(self.model, sent, row, self._server_set)
        if wrong:
            why, do = reason(self.model, sent, row)
            raise StoredRowMismatch(
                f"{answered(response)}, but {self.model.name} {row_id!r} is not stored as it was sent",
                details=wrong,
                why=why,
                do=do or "store what was sent, or name what the server decides: api.resource(path, server_set={...})",
            )
        self._refuse_others(response, changes, row_id, kinds=("created",))
        self._note(changes, row_id, sent)
        return row

    def check_changed(
        self,
        response: httpx.Response,
        row_id: object,
        sent: Mapping[str, object],
        before: Row | None,
        changes: Changes,
    ) -> Row:
        """The changed row. Raises when it was not there, is not as sent, or when anything else changed."""
        row = self.visible(row_id)
        if row is None:
            self._refuse_another_tenants(response, row_id, changes)
            raise self._nothing_there(response, row_id, changes, "UpdateNode reports updated: True")
        wrong = not_stored(self.model, sent, row, self._server_set)
        if wrong:
            why, do = reason(self.model, sent, row)
            raise self._unconfirmed(
                row_id,
                f"{answered(response)}, and {self.model.name} {row_id!r} is not stored as it was sent",
                details=[*wrong, shown(response), *_change_lines(changes)],
                why=why or (self._unchanged(row_id, changes) if row == before else None),
                do=do
                or "check the node's result in the handler, or name what the server decides: "
                "api.resource(path, server_set={...})",
            )
        extra = self._extra_columns(sent, before, row)
        if extra:
            raise UnexpectedChanges(
                f"{answered(response)}, and {self.model.name} {row_id!r} changed in columns that were not sent",
                details=extra,
                do="change only what was sent, or name what the server decides: api.resource(path, server_set={...})",
            )
        self._refuse_others(response, changes, row_id, kinds=("updated",) if before else ("created",))
        self._note(changes, row_id, row.as_dict() if before else sent)  # a column that was not sent may not change
        return row

    def check_deleted(self, response: httpx.Response, row_id: object, before: Row | None, changes: Changes) -> None:
        """Raises when the row was not there, still is, or when anything else changed."""
        if before is None:
            self._refuse_another_tenants(response, row_id, changes)
            raise self._nothing_there(response, row_id, changes, "DeleteNode reports deleted: True")
        row = self.visible(row_id)
        if row is not None:
            raise self._unconfirmed(
                row_id,
                f"{answered(response)}, and {self.model.name} {row_id!r} is still in the database",
                details=[f"stored: {row!r}", *_change_lines(changes)],
                why=self._unchanged(row_id, changes) if row == before else None,
                do="check the result of the DeleteNode in the handler, and its filter",
            )
        self._refuse_others(response, changes, row_id, kinds=("deleted",))
        self._note(changes, row_id, ())

    def _note(self, changes: Changes, row_id: object, names: Collection[str]) -> None:
        """The row's change was checked in these columns, for whoever observes what a test looks at."""
        for change in changes if looks.observer is not None else ():
            if change.model == self.model.name and str(jsonable(change.id)) == str(jsonable(row_id)):
                note_checked(change, [name for name in names if name not in self._server_set])

    @staticmethod
    def _unconfirmed(
        row_id: object, what: str, /, *, details: Sequence[str], why: str | None, do: str
    ) -> UnconfirmedWrite:
        failure = UnconfirmedWrite(what, details=details, why=why, do=do)
        failure.row_id = row_id
        return failure

    def _unchanged(self, row_id: object, changes: Changes) -> str:
        """That the row did not change, and which other did."""
        others = [change for change in changes if change.model == self.model.name and str(change.id) != str(row_id)]
        if not others:
            return "the row did not change"
        other = f"{self.model.name} {others[0].id!r} was {others[0].kind} in its place"
        return f"the row did not change; {other}" + (f", and {len(others) - 1} more" if others[1:] else "")

    def _refuse_another_tenants(self, response: httpx.Response, row_id: object, changes: Changes) -> None:
        row = self.row(row_id)
        if row is not None and self._is_others(row):
            owner, active = row[TENANT], self.tenant
            raise StoredRowMismatch(
                f"{answered(response)}, but {self.model.name} {row_id!r} belongs to tenant {owner!r}",
                details=[f"{TENANT}: active is {active!r}, stored {owner!r}", *_change_lines(changes)],
                do=f"bind the request to tenant {active!r}; for rows of another one: "
                f"api.resource(path, where={{'tenant_id': {owner!r}}})",
            )

    def _nothing_there(self, response: httpx.Response, row_id: object, changes: Changes, node: str) -> UnconfirmedWrite:
        return self._unconfirmed(
            row_id,
            f"{answered(response)}, and there is no {self.model.name} {row_id!r}",
            details=[shown(response), *_change_lines(changes)],
            why=f"{self.missing(row_id)}; {node} also when no row matched (SQLite, MariaDB)",
            do="read the row first in the handler, and answer 404 when there is none",
        )

    def _extra_columns(self, sent: Mapping[str, object], before: Row | None, after: Row) -> list[str]:
        if before is None:
            return []
        ignored = {*MANAGED_COLUMNS, *self._server_set, *sent}
        return [
            line
            for name, value in after.as_dict().items()
            if name not in ignored and name in before and not identical(before[name], value)
            for line in lines(
                differences(
                    name, masked(name, before[name], self.model.name), masked(name, value, self.model.name), identical
                ),
                "{}: {} -> {}",
            )
        ]

    def _refuse_others(
        self, response: httpx.Response, changes: Changes, row_id: object, kinds: tuple[str, ...]
    ) -> None:
        def is_own(change: Change) -> bool:
            return (
                change.model == self.model.name
                and change.kind in kinds
                and str(jsonable(change.id)) == str(jsonable(row_id))
            )

        others = [change for change in changes if change.model not in self._allow and not is_own(change)]
        if others:
            models = ", ".join(sorted({change.model for change in others}))
            raise UnexpectedChanges(
                f"{answered(response)}, and it changed more than {self.model.name} {row_id!r}",
                details=listing(others)[:_MOST],
                do=f"if it is meant: api.resource(path, allow={{...}}) with the models ({models})",
            )

    def hint_without_id(self, changes: Changes) -> str | None:
        """Why an answer has no id, as far as the stored rows tell."""
        created = changes.created(self.model.name)
        if not created:
            return f"no {self.model.name} was stored"
        automatic = self.model.id_is_automatic
        return f"{self.model.name} {created[0].id!r} was stored" + (
            "; CreateNode returns no automatic id on SQLite and MariaDB" if automatic else ""
        )


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


def _change_lines(changes: Changes) -> list[str]:
    lines = listing(changes)
    if not lines:
        return ["the database did not change during the request"]
    return ["changed in the database during the request:", *(f"  {line}" for line in lines[:_MOST])]
