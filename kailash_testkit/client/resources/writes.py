"""What a write left in the database, held against what the API says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kailash_testkit import http_library as httpx
from kailash_testkit import looks
from kailash_testkit.changes import Change, Changes
from kailash_testkit.changes.looked_at import note_checked
from kailash_testkit.changes.net import TENANT
from kailash_testkit.changes.report import listing
from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import StoredRowMismatch, UnconfirmedWrite, UnexpectedChanges
from kailash_testkit.judge.bodies import answered, shown
from kailash_testkit.judge.comparing import MANAGED_COLUMNS, not_stored, reason
from kailash_testkit.models.differences import differences, lines
from kailash_testkit.models.equality import identical, same
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.redaction import masked

_MOST = 8  # lines of changes in a message


def check_created(
    rows: StoredRows, response: httpx.Response, row_id: object, sent: Mapping[str, object], changes: Changes
) -> Row:
    """The created row. Raises when it is not stored, not as sent, or when anything else changed."""
    _refuse_another_tenants(rows, response, row_id, changes)
    row = rows.visible(row_id)
    created = any(same(row.id, change.id) for change in changes.created(rows.model.name)) if row else False
    if row is None or not created:
        missing = rows.missing(row_id) if row is None else "a row with this id was there before, and is no new one"
        raise _unconfirmed(
            row_id,
            f"{answered(response)}, and no {rows.model.name} {row_id!r} was stored",
            details=[shown(response), *_change_lines(changes)],
            why=missing,
            do="check the results of the nodes in the handler: CreateNode returns success: False, it does not raise",
        )
    wrong = not_stored(rows.model, sent, row, rows.server_set)
    if wrong:
        why, do = reason(rows.model, sent, row)
        raise StoredRowMismatch(
            f"{answered(response)}, but {rows.model.name} {row_id!r} is not stored as it was sent",
            details=wrong,
            why=why,
            do=do or "store what was sent, or name what the server decides: api.resource(path, server_set={...})",
        )
    _refuse_others(rows, response, changes, row_id, kinds=("created",))
    _note(rows, changes, row_id, sent)
    return row


def check_changed(
    rows: StoredRows,
    response: httpx.Response,
    row_id: object,
    sent: Mapping[str, object],
    before: Row | None,
    changes: Changes,
) -> Row:
    """The changed row. Raises when it was not there, is not as sent, or when anything else changed."""
    row = rows.visible(row_id)
    if row is None:
        _refuse_another_tenants(rows, response, row_id, changes)
        raise _nothing_there(rows, response, row_id, changes, "UpdateNode reports updated: True")
    wrong = not_stored(rows.model, sent, row, rows.server_set)
    if wrong:
        why, do = reason(rows.model, sent, row)
        raise _unconfirmed(
            row_id,
            f"{answered(response)}, and {rows.model.name} {row_id!r} is not stored as it was sent",
            details=[*wrong, shown(response), *_change_lines(changes)],
            why=why or (_unchanged(rows, row_id, changes) if row == before else None),
            do=do
            or "check the node's result in the handler, or name what the server decides: "
            "api.resource(path, server_set={...})",
        )
    extra = _extra_columns(rows, sent, before, row)
    if extra:
        raise UnexpectedChanges(
            f"{answered(response)}, and {rows.model.name} {row_id!r} changed in columns that were not sent",
            details=extra,
            do="change only what was sent, or name what the server decides: api.resource(path, server_set={...})",
        )
    _refuse_others(rows, response, changes, row_id, kinds=("updated",) if before else ("created",))
    _note(rows, changes, row_id, row.as_dict() if before else sent)  # a column that was not sent may not change
    return row


def check_deleted(
    rows: StoredRows, response: httpx.Response, row_id: object, before: Row | None, changes: Changes
) -> None:
    """Raises when the row was not there, still is, or when anything else changed."""
    if before is None:
        _refuse_another_tenants(rows, response, row_id, changes)
        raise _nothing_there(rows, response, row_id, changes, "DeleteNode reports deleted: True")
    row = rows.visible(row_id)
    if row is not None:
        raise _unconfirmed(
            row_id,
            f"{answered(response)}, and {rows.model.name} {row_id!r} is still in the database",
            details=[f"stored: {row!r}", *_change_lines(changes)],
            why=_unchanged(rows, row_id, changes) if row == before else None,
            do="check the result of the DeleteNode in the handler, and its filter",
        )
    _refuse_others(rows, response, changes, row_id, kinds=("deleted",))
    _note(rows, changes, row_id, ())


def hint_without_id(rows: StoredRows, changes: Changes) -> str | None:
    """Why an answer has no id, as far as the stored rows tell."""
    created = changes.created(rows.model.name)
    if not created:
        return f"no {rows.model.name} was stored"
    automatic = rows.model.id_is_automatic
    return f"{rows.model.name} {created[0].id!r} was stored" + (
        "; CreateNode returns no automatic id on SQLite and MariaDB" if automatic else ""
    )


def _note(rows: StoredRows, changes: Changes, row_id: object, names: Collection[str]) -> None:
    """The row's change was checked in these columns, for whoever observes what a test looks at."""
    for change in changes if looks.observer is not None else ():
        if change.model == rows.model.name and str(jsonable(change.id)) == str(jsonable(row_id)):
            note_checked(change, [name for name in names if name not in rows.server_set])


def _unconfirmed(row_id: object, what: str, /, *, details: Sequence[str], why: str | None, do: str) -> UnconfirmedWrite:
    failure = UnconfirmedWrite(what, details=details, why=why, do=do)
    failure.row_id = row_id
    return failure


def _unchanged(rows: StoredRows, row_id: object, changes: Changes) -> str:
    """That the row did not change, and which other did."""
    others = [change for change in changes if change.model == rows.model.name and str(change.id) != str(row_id)]
    if not others:
        return "the row did not change"
    other = f"{rows.model.name} {others[0].id!r} was {others[0].kind} in its place"
    return f"the row did not change; {other}" + (f", and {len(others) - 1} more" if others[1:] else "")


def _refuse_another_tenants(rows: StoredRows, response: httpx.Response, row_id: object, changes: Changes) -> None:
    row = rows.row(row_id)
    if row is not None and rows.is_others(row):
        owner, active = row[TENANT], rows.tenant
        raise StoredRowMismatch(
            f"{answered(response)}, but {rows.model.name} {row_id!r} belongs to tenant {owner!r}",
            details=[f"{TENANT}: active is {active!r}, stored {owner!r}", *_change_lines(changes)],
            do=f"bind the request to tenant {active!r}; for rows of another one: "
            f"api.resource(path, where={{'tenant_id': {owner!r}}})",
        )


def _nothing_there(
    rows: StoredRows, response: httpx.Response, row_id: object, changes: Changes, node: str
) -> UnconfirmedWrite:
    return _unconfirmed(
        row_id,
        f"{answered(response)}, and there is no {rows.model.name} {row_id!r}",
        details=[shown(response), *_change_lines(changes)],
        why=f"{rows.missing(row_id)}; {node} also when no row matched (SQLite, MariaDB)",
        do="read the row first in the handler, and answer 404 when there is none",
    )


def _extra_columns(rows: StoredRows, sent: Mapping[str, object], before: Row | None, after: Row) -> list[str]:
    if before is None:
        return []
    ignored = {*MANAGED_COLUMNS, *rows.server_set, *sent}
    return [
        line
        for name, value in after.as_dict().items()
        if name not in ignored and name in before and not identical(before[name], value)
        for line in lines(
            differences(
                name, masked(name, before[name], rows.model.name), masked(name, value, rows.model.name), identical
            ),
            "{}: {} -> {}",
        )
    ]


def _refuse_others(
    rows: StoredRows, response: httpx.Response, changes: Changes, row_id: object, kinds: tuple[str, ...]
) -> None:
    def is_own(change: Change) -> bool:
        return (
            change.model == rows.model.name
            and change.kind in kinds
            and str(jsonable(change.id)) == str(jsonable(row_id))
        )

    others = [change for change in changes if change.model not in rows.allow and not is_own(change)]
    if others:
        models = ", ".join(sorted({change.model for change in others}))
        raise UnexpectedChanges(
            f"{answered(response)}, and it changed more than {rows.model.name} {row_id!r}",
            details=listing(others)[:_MOST],
            do=f"if it is meant: api.resource(path, allow={{...}}) with the models ({models})",
        )


def _change_lines(changes: Changes) -> list[str]:
    lines = listing(changes)
    if not lines:
        return ["the database did not change during the request"]
    return ["changed in the database during the request:", *(f"  {line}" for line in lines[:_MOST])]
