"""Why a row that is in the database is not shown. Each function names its cause, or returns None."""

from __future__ import annotations

from typing import Final

from kailash_testkit.explain.case import Case
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.internals import releases
from kailash_testkit.models.model import TOMBSTONE
from kailash_testkit.models.rows import Row

_MOST: Final = 3  # lines of one kind
_LISTED: Final = 10  # by ListNode, unless told otherwise
_LISTED_BY_EXPRESS: Final = 100


def soft_deleted(case: Case, row: Row) -> Explanation | None:
    """The row is there with ``deleted_at`` set."""
    if not case.model.soft_delete or row.as_dict().get(TOMBSTONE) is None:
        return None
    marked = [change for change in case.past if change.after is not None and change.after.get(TOMBSTONE) is not None]
    when = case.when(marked[0].seq) if marked else ""
    return Explanation(
        Cause.SOFT_DELETED,
        f"{case.name} is in the database, soft-deleted at {row[TOMBSTONE]}{when}",
        evidence=["Read, List and Count hide such rows"],
        cure="read it with rows(id=..., include_deleted=True)",
    )


def without_tombstones(case: Case, row: Row) -> Explanation | None:
    """The release hides every row of the model from lists, by a column that it does not make."""
    if not case.model.hidden_rows or any(hit.model == case.model.name for hit in case.limits):
        return None
    return Explanation(
        Cause.NO_SOFT_DELETE,
        f"{case.name} is in the test database, where the ListNode of {releases.installed_dataflow()} finds no "
        f"{case.model.name}",
        evidence=[
            f"ListNode and CountNode hide soft-deleted rows by {TOMBSTONE}, a column that this release does not make",
            f"stored: {row!r}",
        ],
        cure=f"install {releases.SOFT_DELETE.package} {releases.SOFT_DELETE.since} or later; or declare the column in "
        f"{case.model.name}: {TOMBSTONE}: Optional[datetime] = None",
    )


def other_tenant(case: Case, row: Row) -> Explanation | None:
    """The row belongs to a tenant that is not the active one."""
    if not case.model.tenant or row.as_dict().get("tenant_id") == case.tenant:
        return None
    owner = row["tenant_id"]
    active = f"the active tenant is {case.tenant!r}" if case.tenant is not None else "no tenant is active"
    return Explanation(
        Cause.OTHER_TENANT,
        f"{case.name} belongs to tenant {owner!r}, and {active}",
        evidence=[f"tenant_id is {owner!r}; DataFlow's nodes show a tenant its own rows only"],
        cure=f"with kit.tenant({owner!r}): ..., or check which tenant the request was bound to",
    )


def beyond_limit(case: Case, row: Row) -> Explanation | None:
    """A list of the application was cut; or there are more rows than a list shows, and newer ones."""
    newest = list(case.database.sample_ids(case.model.table, _LISTED_BY_EXPRESS + 1))
    stored_id = _id_in_table(row, newest)
    hits = dict.fromkeys(f"{hit}{hit.during}" for hit in case.limits if hit.model == case.model.name)
    if hits:
        return Explanation(
            Cause.BEYOND_LIMIT,
            f"a list of {case.model.name} left rows out: {next(iter(hits))}",
            evidence=[*hits][1:_MOST],
            unknown=[f"whether {case.name} is among the rows that were left out"],
            cure="give a limit, answer in pages, or count with CountNode",
            certain=False,
        )
    if len(newest) <= _LISTED or stored_id in newest[:_LISTED]:
        return None
    place = f"number {newest.index(stored_id) + 1}" if stored_id in newest else f"beyond the {_LISTED_BY_EXPRESS}th"
    return Explanation(
        Cause.BEYOND_LIMIT,
        f"{case.name} is {place} of {case.database.count(case.model.table)}, newest first",
        evidence=[
            f"ListNode returns {_LISTED} rows and express.list {_LISTED_BY_EXPRESS} unless they are told otherwise"
        ],
        unknown=["whether the application asks for more, or filters"],
        cure="give a limit, answer in pages, or count with CountNode",
        certain=False,
    )


def _id_in_table(row: Row, ids: list[object]) -> object:
    return next((found for found in ids if str(found) == str(row.id)), row.id)


def unread(case: Case, row: Row) -> Explanation:
    """Nothing that the kit knows of hides it, and DataFlow does not read it."""
    return Explanation(
        Cause.UNDECIDED,
        f"{case.name} is in the test database, and DataFlow's ReadNode does not show it",
        evidence=[f"stored: {row!r}"],
        unknown=["whether the nodes read another database, or cannot read what is stored"],
        cure="compare the stored row with what the model declares",
        certain=False,
    )


def visible(case: Case, row: Row) -> Explanation:
    """Nothing hides it."""
    written = case.when(case.past[-1].seq) if case.past else ""
    return Explanation(
        Cause.VISIBLE,
        f"{case.name} is in the test database, and DataFlow shows it",
        evidence=[f"stored: {row!r}", *([f"last written{written}"] if written else [])],
        unknown=["what the application's own filters, caches and permissions make of it"],
        cure="compare the handler's query with the stored row",
    )
