"""What is wrong with a step of a series, as the judge of tests sees it and beyond."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from kailash_testkit.asgi.tracebacks import app_frames, exception_line
from kailash_testkit.changes.net import Change
from kailash_testkit.changes.report import listing
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.subjects import Subject
from kailash_testkit.internals.dataflow import rewrites_text
from kailash_testkit.judge.checks import Found
from kailash_testkit.judge.comparing import MANAGED_COLUMNS, agree, is_stored
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.redaction import is_secret, masked
from kailash_testkit.text import differing

_LEFT_OUT: Final = frozenset({"id", "tenant_id", *MANAGED_COLUMNS})
_LONG: Final = 100
_LARGE: Final = 2**31
_MOST: Final = 6


def check_server_error(step: Step) -> Iterator[Found]:
    """A 5xx, or an exception of the application."""
    status = step.case.status
    if status is None or status < 500:
        return
    error = step.error
    details = app_frames(error, most=3) if error is not None else []
    yield Found(
        "server-error",
        f"{step.case.outcome}" if error is None else f"raised {exception_line(error)}",
        "refuse what cannot be done with a 4xx: check the value before it is used, or catch what is raised",
        (),
        details,
    )


def check_open(step: Step) -> Iterator[Found]:
    """A transaction that is open after a request."""
    if step.is_locked:
        yield Found(
            "left-open",
            f"{step.case.outcome}, and a transaction is open after it",
            "commit or roll back before the response ends: async with, or a finally",
            (),
            step.open_transactions,
            "nobody else sees what was written in it, and others wait for its locks",
        )


# --- what was sent and what is stored ---------------------------------------------------------------


def check_stored(step: Step, operation: Operation, subject: Subject | None) -> Iterator[Found]:
    """A success that stored something else than what was sent."""
    sent = step.case.sent
    if not step.is_success or not isinstance(sent, Mapping) or step.call.method not in ("POST", "PUT", "PATCH"):
        return
    sent = _inputs(cast("Mapping[str, object]", sent), operation)
    found = _written(step, subject)
    if found is None:
        return
    model, row = found
    known = operation.properties()
    names = [
        name
        for name in sent
        if name in model.columns
        and name in row
        and name not in _LEFT_OUT
        and (not known or name in known or "inputs" in known)
    ]
    wrong = [name for name in names if not is_kept(model, name, sent[name], row)]
    wrong = [name for name in wrong if not is_secret(name, model.name)]
    tried = re.split(r"[\[.:]", step.call.edge.removeprefix("inputs."))[0]
    for is_edge in (False, True):
        fields = [name for name in wrong if (name == tried or is_at_edge(sent[name])) == is_edge]
        if fields:
            yield Found(
                "edge-not-kept" if is_edge else "sent-not-stored",
                f"{step.case.outcome}, and {model.name} {row.as_dict().get('id')!r} does not hold what was sent",
                _cure(sent[fields[0]]) if is_edge else "store each field that the request has, or refuse it",
                [model.name],
                [_difference(model, name, sent[name], row) for name in fields[:_MOST]],
            )


def _inputs(sent: Mapping[str, object], operation: Operation) -> Mapping[str, object]:
    """The fields that were sent: those of a Nexus' workflow are a level below."""
    inner = sent.get("inputs")
    is_workflow = set(operation.properties()) == {"inputs"} and isinstance(inner, Mapping)
    return cast("Mapping[str, object]", inner) if is_workflow else sent


def _written(step: Step, subject: Subject | None) -> tuple[Model, Row] | None:
    """The row that a request created, or the one that its path names and that it changed."""
    case = step.case
    if step.call.method == "POST":
        created = [change for change in case.changes if change.kind == "created"]
        of_subject = [change for change in created if subject is not None and change.model == subject.model.name]
        row = step.made
        chosen = next((change for change in of_subject or created if change.after is row), None)
        chosen = chosen or (of_subject[0] if len(of_subject) == 1 else None)
        model = None if chosen is None else step.ledger.model(chosen.model)
        is_about = subject is None or subject.is_action or (model is not None and model.name == subject.model.name)
        return (model, chosen.after) if model and chosen and chosen.after is not None and is_about else None
    if subject is None or subject.is_action or subject.column is None:
        return None
    row = target_row(step, subject)
    return None if row is None else (subject.model, row)


def target_row(step: Step, subject: Subject) -> Row | None:
    """The row that the path names, as the request left it."""
    value = own_value(step)
    if subject.column == "id":
        return step.ledger.row(subject.model, value, step.case.request)
    for change in step.case.changes:
        row = change.after or change.before
        if change.model == subject.model.name and row is not None and subject.column is not None:
            held = (change.before or row).as_dict().get(subject.column)
            if str(jsonable(held)) == str(value):
                return change.after
    return None


def own_value(step: Step) -> object:
    """The value of the parameter that the path ends with."""
    values = [*step.call.path_parameters.items()]
    name = step.call.path.rstrip("/").rpartition("{")[2].rstrip("}").partition(":")[0]
    return dict(values).get(name)


def is_kept(model: Model, name: str, sent: object, row: Row) -> bool:
    """Whether a column holds what was sent, or the same in a tidier form."""
    stored = jsonable(row[name])
    if is_stored(model, name, sent, row) or (_is_nothing(sent) and _is_nothing(stored)):
        return True
    if sent is None:  # the column's default stands for it
        return model.fields[name].default is not None if name in model.fields else True
    if isinstance(sent, str) and isinstance(stored, str):
        return _tidy(sent) == _tidy(stored)
    if isinstance(sent, int) and isinstance(stored, int) and not isinstance(sent, bool):
        return sent == stored
    if _is_number(sent) and _is_number(stored):
        one, other = float(cast("float", sent)), float(cast("float", stored))
        return math.isclose(one, other, rel_tol=1e-6) or round(one, 2) == round(other, 2)
    if (_is_number(sent) and isinstance(stored, str)) or (isinstance(sent, str) and _is_number(stored)):
        return _as_number(sent) is not None and _as_number(sent) == _as_number(stored)
    if isinstance(sent, list) and isinstance(stored, list):
        ours, theirs = cast("list[object]", sent), cast("list[object]", stored)
        return sorted(map(repr, ours)) == sorted(map(repr, theirs))
    return agree(cast("object", sent), stored)


def _is_nothing(value: object) -> bool:
    return value is None or value in ("", 0, False) or value == [] or value == {}


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_number(value: object) -> float | None:
    try:
        return round(float(cast("Any", value)), 2)
    except (TypeError, ValueError, OverflowError):
        return None


def is_at_edge(value: object) -> bool:
    """Whether a value is one with which databases have trouble."""
    if isinstance(value, str):
        odd = any(unicodedata.category(character) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") for character in value)
        return odd or len(value) > _LONG or rewrites_text(value) or any(ord(each) > 0x7F for each in value)
    if _is_number(value):
        return abs(cast("float", value)) >= _LARGE or 0 < abs(cast("float", value)) < 1e-4
    if isinstance(value, dict):
        return any(is_at_edge(each) or is_at_edge(name) for name, each in cast("dict[str, object]", value).items())
    if isinstance(value, list):
        return any(is_at_edge(each) for each in cast("list[object]", value))
    return False


def _cure(value: object) -> str:
    if isinstance(value, str) and rewrites_text(value):
        return "DataFlow rewrites text that looks like SQL; encode it, set it with an update, or refuse it with a 422"
    return "refuse with a 422 what the column does not keep"


def _difference(model: Model, name: str, sent: object, row: Row) -> str:
    ours, theirs = differing(masked(name, sent, model.name), masked(name, jsonable(row[name]), model.name))
    return f"{name}: sent {ours}, stored {theirs}"


# --- what an update or delete did beside ------------------------------------------------------------


def check_others(step: Step, subject: Subject | None) -> Iterator[Found]:
    """An update or delete of one row that did the same to others."""
    if not _changes_one(step, subject) or subject is None:
        return
    value = str(own_value(step))
    own = [change for change in step.case.changes if change.model == subject.model.name]
    others = [change for change in own if not _is_target(change, subject, value) and change.kind != "created"]
    wrong = [change for change in others if _is_alike(step, change, value)]
    if wrong:
        yield Found(
            "changed-another-row",
            f"{step.case.outcome}, and did the same to other rows of {subject.model.name}",
            "filter by the row's id, and look at the number of rows that the node reports",
            [subject.model.name],
            listing(wrong)[:_MOST],
        )


def _changes_one(step: Step, subject: Subject | None) -> bool:
    is_one = subject is not None and not subject.is_action and subject.column is not None
    return is_one and step.is_success and step.call.method in ("PUT", "PATCH", "DELETE")


def _is_target(change: Change, subject: Subject, value: str) -> bool:
    row = change.before or change.after
    return row is not None and str(jsonable(row.as_dict().get(subject.column or "id"))) == value


def _is_alike(step: Step, change: Change, value: str) -> bool:
    """Whether it is what was asked for the target: not what follows for rows that belong to it."""
    before = change.before.as_dict() if change.before is not None else {}
    if any(str(jsonable(held)) == value for name, held in before.items() if name != "id"):
        return False
    if step.call.method == "DELETE":
        return change.kind == "deleted"
    sent = step.case.sent
    after = change.after
    if not isinstance(sent, Mapping) or after is None:
        return False
    given = cast("Mapping[str, object]", sent)
    return any(
        name in given and not isinstance(given[name], bool) and agree(given[name], after[name])
        for name in change.reported_columns
        if name in after
    )


def check_unsent(step: Step, operation: Operation, subject: Subject | None) -> Iterator[Found]:
    """A PATCH that reset a column which was not sent."""
    if not _changes_one(step, subject) or subject is None or step.call.method != "PATCH":
        return
    sent = step.case.sent
    known = operation.properties()
    value = str(own_value(step))
    for change in step.case.changes:
        is_own = change.model == subject.model.name and change.kind == "updated" and _is_target(change, subject, value)
        if not is_own or change.after is None or not isinstance(sent, Mapping):
            continue
        after = change.after
        columns = [
            name
            for name in change.reported_columns
            if name not in sent and name in known and _is_reset(after[name], operation.resolved(known[name]))
        ]
        if columns:
            yield Found(
                "changed-unsent-column",
                f"{step.case.outcome}, and reset {', '.join(columns)} of {change.model} {change.id!r}, not sent",
                "update only the fields that the request has: model_dump(exclude_unset=True)",
                [change.model],
                listing([change])[:_MOST],
            )


def _is_reset(value: object, schema: Mapping[str, Any]) -> bool:
    stored = jsonable(value)
    return _is_nothing(stored) or ("default" in schema and agree(schema["default"], stored))


def rows_in_words(changes: Sequence[Change]) -> list[str]:
    """The changed rows, without secrets."""
    return listing(changes)
