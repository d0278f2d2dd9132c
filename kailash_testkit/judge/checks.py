"""The checks: each looks at one case and says what is not so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from kailash_testkit.changes.net import TENANT, Change
from kailash_testkit.changes.report import listing
from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.judge.answers import Shown, shown_rows
from kailash_testkit.judge.cases import SAFE, Case, FailedNode, Ledger
from kailash_testkit.judge.comparing import MANAGED_COLUMNS, is_stored, stale
from kailash_testkit.models import Model
from kailash_testkit.models.equality import as_mapping
from kailash_testkit.models.rows import Row
from kailash_testkit.text import some

_MOST: Final = 6  # lines of one finding
_WRITES: Final = ("create", "update", "delete", "upsert")


@dataclass(frozen=True)
class Found:
    """What a check found in a case.

    models: whose rows it is about. only_if_route_writes: a finding only then.
    absent: model and id of a row that is not there, so that it can be explained.
    """

    check: str
    what: str
    do: str
    models: Sequence[str] = ()
    details: Sequence[str] = ()
    why: str | None = None
    only_if_route_writes: bool = False
    absent: tuple[str, object] | None = None


def check_refusal(case: Case, _ledger: Ledger, allowed: Allowances) -> Iterator[Found]:
    """A 4xx or 5xx that left changed rows."""
    changes = allowed.unallowed("refusal-wrote", case.changes)
    if case.is_refusal and case.request.method not in SAFE and changes:
        failed = [node.text for node in case.observed.failed]
        yield Found(
            "refusal-wrote",
            f"{case.outcome}, and it left {some(len(changes), 'row')}",
            "write in one transaction (TransactionScopeNode), or refuse before the first write; "
            f"if it is meant, allow {_models(changes)[0]} in testkit_judge_allow",
            _models(changes),
            listing(changes)[:_MOST],
            failed[0] if failed else None,
        )


def check_read(case: Case, _ledger: Ledger, allowed: Allowances) -> Iterator[Found]:
    """GET, HEAD or OPTIONS that changed rows."""
    changes = allowed.unallowed("read-wrote", case.changes)
    if case.request.method in SAFE and changes:
        yield Found(
            "read-wrote",
            f"{case.outcome}, and changed {some(len(changes), 'row')}",
            "write in a POST; clients, proxies and crawlers repeat a read whenever they like; "
            f"if it is meant, allow {_models(changes)[0]} or its column in testkit_judge_allow",
            _models(changes),
            listing(changes)[:_MOST],
        )


def check_success(case: Case, ledger: Ledger, _allowed: Allowances) -> Iterator[Found]:
    """A success that should have changed rows and changed none."""
    is_quiet = case.is_known and not case.recorded and not case.may_write_later
    if not (is_quiet and case.is_success) or case.status in (202, 203, 206, 207) or case.request.method in SAFE:
        return
    target = ledger.target(case.request.path)
    row_id = target.row_id if target is not None and not target.is_action else None
    if case.request.method == "POST":
        if any(each.row is not None for each in shown_rows(case, ledger)):
            return  # it answers with what is stored already: a request repeated, or a search
        yield _silent("no row was stored or changed", case, sure=case.status == 201)
    elif target is None or row_id is None:
        sends = case.request.method != "DELETE" and bool(as_mapping(case.sent))
        yield _silent("no row was changed", case, sure=sends and target is None)
    else:
        row = ledger.row(target.model, row_id, case.request)
        name = f"{target.model.name} {row_id!r}"
        if case.request.method == "DELETE":
            if row is not None and not _is_tombstone(row):
                yield _silent(f"{name} is still stored", case, models=[target.model.name])
        elif row is None:
            missing = f"there is no {name}; UpdateNode reports updated: True also when no row matched (SQLite, MariaDB)"
            yield _silent("no row was changed", case, models=[target.model.name], why=missing)
        elif _differs(case.sent, row, target.model):
            yield _silent(f"{name} did not change", case, models=[target.model.name], details=[f"stored: {row!r}"])


def _silent(
    what: str,
    case: Case,
    *,
    sure: bool = True,
    models: Sequence[str] = (),
    details: Sequence[str] = (),
    why: str | None = None,
) -> Found:
    failed = [node.text for node in case.observed.failed]
    return Found(
        "success-wrote-nothing",
        f"{case.outcome}, and {what}",
        "check the result of each node in the handler; where there is nothing to store, allow the route in "
        f"testkit_judge_allow, as success-wrote-nothing: {case.route}",
        models,
        details,
        why or (failed[0] if failed else None),
        only_if_route_writes=not sure,
    )


def check_answer(case: Case, ledger: Ledger, _allowed: Allowances) -> Iterator[Found]:
    """An answer with an object that is not stored, or not so."""
    is_told = case.status == 201 and not case.recorded  # by `check_success`
    if not case.is_success or case.may_write_later or not case.is_alone or not case.is_known or is_told:
        return
    for each in shown_rows(case, ledger):
        name = f"{each.model.name} {each.item['id']!r}"
        if each.row is None:
            yield Found(
                "answer-not-stored",
                f"{case.outcome} with {name}, which is not in table {each.model.table}",
                "answer with the row as it is stored: read it after the write, and look at the node's result",
                [each.model.name],
                absent=(each.model.name, each.item["id"]),
            )
        else:
            wrong = stale(each.row, _comparable(each))
            if wrong:
                yield Found(
                    "answer-not-stored",
                    f"{case.outcome} with {name} otherwise than it is stored",
                    "answer with the row as it is stored: read it after the write, and without a cache",
                    [each.model.name],
                    wrong[:_MOST],
                )


def check_nodes(case: Case, ledger: Ledger, _allowed: Allowances) -> Iterator[Found]:
    """A node that failed to write, and an answer that is a success."""
    for node in case.observed.failed if case.is_success else ():
        if any(write in node.operation for write in _WRITES) and not _is_made_good(node, case, ledger):
            yield Found(
                "node-failed-silently",
                f"{case.outcome}, although {node.text}",
                "look at the node's result in the handler: it reports success: False, and does not always raise",
                [node.model] if node.model else [],
            )
            return


def check_cuts(case: Case, _ledger: Ledger, _allowed: Allowances) -> Iterator[Found]:
    """A list that a default limit cut, and that the answer shows so."""
    for cut in case.observed.cuts if case.is_success else ():
        if _shows(case.answer, cut.limit):
            yield Found(
                "cut-by-default-limit",
                f"{case.outcome} with a list that nobody gave a limit",
                "give the list a limit, answer in pages, or count with CountNode",
                [cut.model],
                [cut.text],
            )


def check_tenants(case: Case, ledger: Ledger, _allowed: Allowances) -> Iterator[Found]:
    """Rows of another tenant than that of the request."""
    tenants = case.observed.tenants
    if not tenants:
        return
    others = [each for each in case.changes if _tenant_of(each.after or each.before) not in {None, *tenants}]
    shown = [each for each in shown_rows(case, ledger) if _tenant_of(each.row) not in {None, *tenants}]
    of_request = " and ".join(repr(tenant) for tenant in sorted(tenants))
    if others:
        yield Found(
            "other-tenant",
            f"{case.outcome}, ran for tenant {of_request}, and changed rows of another",
            "filter by the tenant; DataFlow's own nodes do, where the request binds it",
            _models(others),
            listing(others)[:_MOST],
        )
    elif shown and case.is_success:
        yield Found(
            "other-tenant",
            f"{case.outcome}, ran for tenant {of_request}, and shows rows of another",
            "filter by the tenant, and leave it out of what is cached",
            sorted({each.model.name for each in shown}),
            [f"{each.model.name} {each.item['id']!r} of tenant {_tenant_of(each.row)!r}" for each in shown[:_MOST]],
        )


Check = Callable[[Case, Ledger, Allowances], Iterator[Found]]

ALL: Final[Sequence[Check]] = (
    check_refusal,
    check_read,
    check_success,
    check_answer,
    check_nodes,
    check_cuts,
    check_tenants,
)


# --- what the checks ask ---------------------------------------------------------------------------


def _models(changes: Iterable[Change]) -> list[str]:
    return sorted({change.model for change in changes})


def _tenant_of(row: Row | None) -> str | None:
    tenant = None if row is None else row.as_dict().get(TENANT)
    return None if tenant is None else str(tenant)


def _is_tombstone(row: Row) -> bool:
    return row.as_dict().get("deleted_at") is not None


def _differs(sent: object, row: Row, model: Model) -> bool:
    """Whether something was sent that the row does not hold: otherwise there was nothing to change.

    A null does not count: many handlers take it for a field that was not sent.
    """
    fields = {str(name): value for name, value in (as_mapping(sent) or {}).items() if value is not None}
    known = [name for name in fields if name in model.columns and name in row and name not in MANAGED_COLUMNS]
    return any(not is_stored(model, name, fields[name], row) for name in known)


def _comparable(shown: Shown) -> dict[str, object]:
    """The fields of an answer that claim to be the row's columns: of the same kind in JSON, and not masked."""
    stored = shown.row.as_json() if shown.row is not None else {}
    return {
        name: value
        for name, value in shown.item.items()
        if name in stored
        and (_kind(value) == _kind(stored[name]) or None in (value, stored[name]))
        and not (isinstance(value, str) and ("**" in value or "..." in value))
    }


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _is_made_good(node: FailedNode, case: Case, ledger: Ledger) -> bool:
    """Whether the handler went another way after the failure: "create, else update", "create, else get"."""
    if "create" not in node.operation or "bulk" in node.operation:
        return False
    of_model = [change for change in case.changes if change.model == node.model]
    is_shown = any(each.model.name == node.model and each.row is not None for each in shown_rows(case, ledger))
    return any(change.kind == "updated" for change in of_model) or (is_shown and not of_model)


def _shows(answer: object, number: int) -> bool:
    """Whether an answer has a list of that length, or that number."""
    if isinstance(answer, list):
        items = cast("list[object]", answer)
        return len(items) == number or any(_shows(item, number) for item in items if not isinstance(item, int))
    if isinstance(answer, dict):
        return any(_shows(value, number) for value in cast("dict[str, object]", answer).values())
    return answer == number and not isinstance(answer, bool)
