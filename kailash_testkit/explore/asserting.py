"""What a test of a fault asserts at its end: it holds once the fault is mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from kailash_testkit.exploration import Fault
from kailash_testkit.explore.calls import Call, Made, Script, as_object, steps_needed
from kailash_testkit.explore.documents import Document
from kailash_testkit.explore.judging import own_value
from kailash_testkit.explore.options import Options
from kailash_testkit.explore.playing import Many, Step
from kailash_testkit.judge.bodies import items_in
from kailash_testkit.judge.failpoints import PlannedRefusal
from kailash_testkit.models.rows import Row, jsonable

_REFERENCE: Final = re.compile(r"#/components/schemas/([^'\"/]+)")
WITH_CHANGES: Final = frozenset(
    ["sent-not-stored", "edge-not-kept", "changed-another-row", "changed-unsent-column", "repeat-changed-more"]
)


@dataclass(frozen=True)
class Reproduction:
    """What a test is made of.

    steps: as they were sent. rows: those that must be there. description: of the API, as Python source.
    """

    fault: Fault
    script: Script
    steps: Sequence[Step]
    rows: Sequence[Row]
    many: Many | None
    plan: PlannedRefusal | None
    options: Options
    description: str


def asserted(it: Reproduction) -> Iterator[str]:
    """The lines at the end of the test."""
    check, step = it.fault.check, it.steps[-1]
    if it.plan is not None:
        yield "assert response.is_success"
    elif check == "server-error":
        yield "assert response.status_code < 500"
    elif check in ("works-without-login", "other-user"):
        yield "assert response.status_code in (401, 403, 404)" if not _is_list(step) else f"assert {_not_in_list(it)}"
    elif check == "not-found-after-create":
        yield "assert response.is_success"
    elif check == "not-listed-after-create":
        yield f"assert str(row{max(_creating(it))}['id']) in response.text"
    elif check == "found-after-delete":
        yield f"assert {_not_in_list(it)}" if _is_list(step) else "assert response.status_code in (404, 410)"
    elif check == "response-schema":
        yield "import schemathesis"
        yield ""
        yield f"schema = schemathesis.openapi.from_dict({it.description})"
        yield f"schema[{it.script[-1].path!r}][{it.script[-1].method!r}].validate_response(response)"
    elif check in WITH_CHANGES:
        yield from _about_changes(it)


def needed(it: Reproduction) -> set[int]:
    """The steps whose rows the test has names for: later requests, or what is asserted of a list, are about them."""
    found = {step for call in it.script for step in steps_needed(call)}
    return found | (_creating(it) if _is_list(it.steps[-1]) else set())


def _creating(it: Reproduction) -> set[int]:
    return {
        place
        for place, step in enumerate(it.steps[:-1])
        if any(change.kind == "created" and change.after is step.made for change in step.case.changes)
    }


def _is_list(step: Step) -> bool:
    return items_in(step.case.answer, None) is not None and not isinstance(own_value(step), str | int)


def _not_in_list(it: Reproduction) -> str:
    step = it.steps[-1]
    at = "response.json()"
    answer = as_object(step.case.answer)
    if answer is not None:
        items = items_in(answer, None)
        names = [name for name, value in answer.items() if value == items]
        at += f"[{names[0]!r}]" if names else ""
    creating = _creating(it)
    made = {str(jsonable(each["id"])) for place in creating if (each := it.steps[place].made) is not None}
    ids = [f"str(row{place}['id'])" for place in sorted(creating)]
    changed = {str(change.id) for each in it.steps[:-1] for change in each.case.changes}
    told = {
        line.partition(" ")[2].strip("'") for line in it.fault.details if re.fullmatch(r"\w+ '[^']*'|\w+ \d+", line)
    }
    others = (changed | told) - made
    ids += [repr(each) for each in sorted(others)]
    return f"not [item for item in {at} if str(item['id']) in ({', '.join(ids)},)]"


def _about_changes(it: Reproduction) -> Iterator[str]:
    check, step, call = it.fault.check, it.steps[-1], it.script[-1]
    model = it.fault.models[0]
    sent = as_object(step.case.sent) or {}
    if check == "repeat-changed-more":
        yield f"assert not [change for change in changes if change.model in {[*it.fault.models]!r}]"
    elif check == "changed-another-row":
        kind = "deleted" if call.method == "DELETE" else "updated"
        yield f"assert len(changes.{kind}({model!r})) <= 1"
    elif check == "changed-unsent-column":
        sent_names = sorted(map(str, sent))
        yield f"changed = {{name for each in changes.updated({model!r}) for name in each.reported_columns}}"
        yield f"assert changed <= {{*{sent_names!r}}}"
    else:
        names = [line.partition(":")[0] for line in it.fault.details]
        yield "if response.is_success:"
        yield f"    (row,) = [each.after for each in changes if each.model == {model!r} and each.after is not None]"
        for name in names:
            top = re.split(r"[\[.]", name)[0]
            if top in sent:
                yield f"    assert row[{top!r}] == {literal(_kept(sent[top], _stored(step, model, top)))}"


def _stored(step: Step, model: str, column: str) -> object:
    rows = [change.after for change in step.case.changes if change.model == model and change.after is not None]
    return rows[0].as_dict().get(column) if rows else None


def _kept(sent: object, stored: object) -> object:
    """What a column would hold of a value. stored: what it holds instead."""
    if isinstance(stored, datetime) and isinstance(sent, str):
        moment = datetime.fromisoformat(sent)
        is_moved = moment.tzinfo is not None and stored.tzinfo is None  # DataFlow's moments are of UTC
        return moment.astimezone(UTC).replace(tzinfo=None) if is_moved else moment
    return jsonable(sent)


def literal(value: object) -> str:
    """A value as Python source."""
    import enum

    if isinstance(value, enum.Enum):
        return literal(value.value)
    if isinstance(value, Made):
        return f"row{value.step}[{value.column!r}]"
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return "{" + ", ".join(f"{literal(name)}: {literal(each)}" for name, each in entries.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(each) for each in cast("list[object]", value)) + "]"
    if isinstance(value, str) and len(value) > 100 and len(set(value)) == 1:
        return f"{value[0]!r} * {len(value)}"
    return repr(value)


# --- the description of the API -----------------------------------------------------------------------


def source_of(app: Any, given: object, document: Document, call: Call) -> str:
    """Where a test takes the description from; one that no attribute of the application holds is written out."""
    if isinstance(given, str | Path):
        return f"json.loads(pathlib.Path({str(given)!r}).read_text())"
    if given is None and callable(getattr(app, "openapi", None)):
        return "api.app.openapi()"
    if given is None and hasattr(getattr(app, "openapi_schema", None), "to_schema"):
        return "api.app.openapi_schema.to_schema()"
    return literal(_responses_alone(document, call))


def _responses_alone(document: Document, call: Call) -> dict[str, object]:
    """The responses of one operation, and the schemas that they refer to."""
    operation: Mapping[str, Any] = document["paths"][call.path][call.method.lower()]
    whole: dict[str, Any] = {
        "openapi": document.get("openapi", "3.1.0"),
        "info": {"title": "", "version": ""},
        "paths": {call.path: {call.method.lower(): {"responses": operation.get("responses", {})}}},
    }
    known: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    used: dict[str, Any] = {}
    left = [whole["paths"]]
    while left:
        for name in _REFERENCE.findall(repr(left.pop())):
            if name in known and name not in used:
                used[name] = known[name]
                left.append(known[name])
    return {**whole, "components": {"schemas": used}} if used else whole
