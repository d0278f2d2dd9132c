"""What is wrong with a step in view of the steps before it: rows that come and go, and requests that are repeated."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from kailash_testkit.changes.net import Change
from kailash_testkit.changes.report import listing
from kailash_testkit.client.resources import paging
from kailash_testkit.explore.judging import own_value
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.subjects import Subject
from kailash_testkit.judge.allowances import NOTES, is_log
from kailash_testkit.judge.bodies import items_in, metadata
from kailash_testkit.judge.checks import Found
from kailash_testkit.models import Model
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.text import some

_GONE: Final = (404, 410)
_HISTORIES: Final = frozenset(
    ["event", "events", "history", "revision", "revisions", "version", "versions", "outbox", "notification", "message"]
)
_COUNTED: Final = re.compile(r"version|revision|etag|\w*_version|\w+_(at|on)|\w*(time|date|timestamp)|modified|changed")
_CHOOSING: Final = re.compile(
    r"stat(e|us)|type|kind|role|level|visib|public|private|owner|_by$|tenant|scope|group|region"
)
_MORE: Final = ("next", "next_cursor", "nextCursor", "cursor", "has_more", "hasMore", "next_page", "nextPage")
_SIZES: Final = ("limit", "size", "page_size", "per_page", "take", "first", "count")
_MOST: Final = 6


def check_repeat(step: Step, before: Sequence[Step]) -> Iterator[Found]:
    """The same PUT or DELETE again that changed more."""
    if not before or step.call.method not in ("PUT", "DELETE") or step.call != before[-1].call:
        return
    if not before[-1].is_success:
        return
    more = [change for change in step.case.changes if _is_more(change)]
    if more:
        yield Found(
            "repeat-changed-more",
            f"{step.case.outcome} when it was repeated, and changed more",
            f"{step.call.method} is to have the effect of one, however often a client or proxy sends it; "
            "use POST for what adds up",
            sorted({change.model for change in more}),
            listing(more)[:_MOST],
        )


def _is_more(change: Change) -> bool:
    if change.kind == "created":
        words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", change.model)]
        return not is_log(change.model) and _HISTORIES.isdisjoint(words)
    if change.kind == "deleted":
        return True
    columns = [name for name in change.reported_columns if not NOTES.fullmatch(name) and not _COUNTED.fullmatch(name)]
    return bool(columns)


def check_created_is_found(step: Step, before: Sequence[Step], subject: Subject | None) -> Iterator[Found]:
    """A GET that does not find what was created just before."""
    if step.call.method != "GET" or step.case.status not in _GONE or subject is None or subject.column is None:
        return
    value = str(own_value(step))
    for earlier in before:
        row = _created(earlier, subject)
        if (
            row is not None
            and earlier.call.whom == step.call.whom
            and _holds(row, subject, value)
            and _stored(step, subject)
        ):
            yield Found(
                "not-found-after-create",
                f"{step.case.outcome}, and {earlier.operation} had created {subject.model.name} {value!r}",
                "read the row as it was written: by the same id, in the same tenant, without a cache",
                [subject.model.name],
                [f"stored: {row!r}"],
                absent=(subject.model.name, row.as_dict().get("id")),
            )
            return


def _created(step: Step, subject: Subject) -> Row | None:
    if not step.is_success or step.call.method != "POST":
        return None
    row = step.made
    is_own = any(change.after is row and change.model == subject.model.name for change in step.case.changes)
    return row if is_own else None


def _holds(row: Row, subject: Subject, value: str) -> bool:
    return str(jsonable(row.as_dict().get(subject.column or "id"))) == value


def _stored(step: Step, subject: Subject) -> bool:
    """Whether the row is still there, and not softly deleted."""
    if subject.column != "id":
        return True
    row = step.ledger.row(subject.model, own_value(step), step.case.request)
    return row is not None and row.as_dict().get("deleted_at") is None


def check_deleted_is_gone(step: Step, before: Sequence[Step], subject: Subject | None) -> Iterator[Found]:
    """A GET or a list that shows what was deleted just before."""
    if step.call.method != "GET" or not step.is_success or subject is None or subject.is_action:
        return
    gone = _deleted(before, subject)
    if not gone:
        return
    shown = _shown_ids(step, is_list=subject.column is None)
    found = [row_id for row_id in gone if row_id in shown and not _is_back(step, subject, row_id)]
    if found:
        yield Found(
            "found-after-delete",
            f"{step.case.outcome} with {subject.model.name} {found[0]!r}, which was deleted before",
            "leave out what is deleted: filter by deleted_at, and empty caches when rows are deleted",
            [subject.model.name],
            [f"deleted before by {gone[found[0]][1].operation}"],
            absent=(subject.model.name, gone[found[0]][0].id),
        )


def _deleted(before: Sequence[Step], subject: Subject) -> dict[str, tuple[Change, Step]]:
    """By id, the rows of the model that requests deleted and none created again."""
    gone: dict[str, tuple[Change, Step]] = {}
    for step in before:
        for change in step.case.changes:
            if change.model != subject.model.name:
                continue
            if change.kind == "deleted" and step.call.method == "DELETE" and step.is_success:
                gone[str(change.id)] = change, step
            elif change.kind == "created":
                gone.pop(str(change.id), None)
    return gone


def _is_back(step: Step, subject: Subject, row_id: str) -> bool:
    row = step.ledger.row(subject.model, row_id, step.case.request)
    return row is not None and row.as_dict().get("deleted_at") is None


def _shown_ids(step: Step, *, is_list: bool) -> set[str]:
    answer = step.case.answer
    if is_list:
        return {str(item.get("id")) for item in items_in(answer, None) or ()}
    from kailash_testkit.judge.bodies import item_in

    item = item_in(answer, None, "id")
    return set() if item is None else {str(item.get("id"))}


def check_created_is_listed(
    step: Step, before: Sequence[Step], operation: Operation, subject: Subject | None
) -> Iterator[Found]:
    """A list that does not show what was created just before, although it shows a row that is like it.

    A list may hide rows on purpose: those of others, or those that are not published. So another row that it shows must
    be the same in all columns by which lists choose. And nothing may say that there are more pages.
    """
    if not _is_whole_list(step, operation, subject) or subject is None:
        return
    shown = _shown_ids(step, is_list=True)
    for each in before:
        row = _created(each, subject)
        if row is None or str(row.as_dict().get("id")) in shown or not _is_there(step, subject, row):
            continue
        if each.call.whom != step.call.whom or not _shows_one_like(step, subject, row, shown):
            continue
        yield Found(
            "not-listed-after-create",
            f"{step.case.outcome} without {subject.model.name} {row.as_dict().get('id')!r}, "
            f"which {each.operation} had created",
            "empty what is cached when a row is written, and give lists a limit or pages",
            [subject.model.name],
            [f"stored: {row!r}", f"the list shows {some(len(shown), 'row')}"],
            absent=(subject.model.name, row.as_dict().get("id")),
        )
        return


def _shows_one_like(step: Step, subject: Subject, row: Row, shown: Collection[str]) -> bool:
    for row_id in sorted(shown):
        other = step.ledger.row(subject.model, row_id, step.case.request)
        if other is not None and _chosen_by(other, subject.model) == _chosen_by(row, subject.model):
            return True
    return False


def _chosen_by(row: Row, model: Model) -> dict[str, object]:
    """The values by which a list may choose; of texts and moments only whether there is one."""
    found: dict[str, object] = {}
    for name, value in row.as_dict().items():
        plain = jsonable(value)
        if name == "id" or name in MANAGED:
            continue
        if isinstance(plain, bool) or name in model.enum_columns or name.endswith("_id") or _CHOOSING.search(name):
            found[name] = plain
        else:
            found[name] = plain is None
    return found


def _is_there(step: Step, subject: Subject, row: Row) -> bool:
    found = step.ledger.row(subject.model, row.as_dict().get("id"), step.case.request)
    return found is not None and found.as_dict().get("deleted_at") is None


def _is_whole_list(step: Step, operation: Operation, subject: Subject | None) -> bool:
    """Whether an answer is a list, and nothing says that it may be one page of several."""
    is_list = subject is not None and subject.column is None and not subject.is_action
    if not is_list or step.call.method != "GET" or not step.is_success or step.response is None:
        return False
    items = items_in(step.case.answer, None)
    if items is None or paging.next_step(step.response, step.case.answer, len(items)) is not None:
        return False
    if any(fields.get(name) for fields in metadata(step.case.answer) for name in _MORE):
        return False
    return len(items) < _page_size(step, operation)


def _page_size(step: Step, operation: Operation) -> float:
    """How many rows a page has, by what was asked for or is the default; without pages there is no end."""
    sizes = [each for each in operation.parameters_in("query") if each.name in _SIZES]
    if sizes:
        asked = step.call.query.get(sizes[0].name, operation.resolved(sizes[0].schema).get("default"))
        return asked if isinstance(asked, int) else 0
    is_paged = any(each.name in paging.PAGING for each in operation.parameters_in("query"))
    return 0 if is_paged else math.inf
