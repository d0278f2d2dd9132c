"""A test that shows a fault with the kit, and passes once the fault is mended."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from kailash_testkit.exploration import Fault
from kailash_testkit.explore.calls import Call, Made, NoBody, Script, Whom, as_object, steps_needed
from kailash_testkit.explore.judging import own_value
from kailash_testkit.explore.options import Options
from kailash_testkit.explore.playing import Many, Step
from kailash_testkit.judge.bodies import items_in
from kailash_testkit.judge.failpoints import PlannedRefusal
from kailash_testkit.judge.findings import CHECKS as OF_THE_JUDGE
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, jsonable, model_of
from kailash_testkit.redaction import is_secret

_PARAMETER: Final = re.compile(r"\{([^}/]*)\}")
_CLIENTS: Final[Mapping[Whom, str]] = {"user": "user", "other": "other", "nobody": "api"}
HEAD: Final = '''"""Tests of what ``kailash-testkit explore`` found: each fails while the fault is there."""

import contextlib
import datetime

import pytest
'''


@dataclass(frozen=True)
class Reproduction:
    """What a test is made of. steps: as they were sent. rows: those that must be there."""

    fault: Fault
    script: Script
    steps: Sequence[Step]
    rows: Sequence[Row]
    many: Many | None
    plan: PlannedRefusal | None
    options: Options


def module_of(faults: Iterable[Fault], logins: Mapping[str, str]) -> str:
    """A module with a test for each. logins: lines that import or define ``login`` and ``as_other``, by name."""
    tests = "\n\n\n".join(fault.test for fault in faults)
    used = [line for name, line in logins.items() if re.search(rf"\b{name}\b", tests)]
    lines = HEAD.splitlines()
    for name in ("contextlib", "datetime"):
        if f"{name}." not in tests:
            lines.remove(f"import {name}")
    text = "\n".join([*lines, *used]).replace("\n\n\n", "\n\n")
    return f"{text}\n\npytestmark = pytest.mark.asyncio\n\n\n{tests}\n"


def logins_of(options: Options) -> dict[str, str]:
    """How a module of tests comes by the credentials."""
    found: dict[str, str] = {}
    for name, given in (("login", options.login), ("as_other", options.as_other)):
        if given is None:
            continue
        plain = getattr(given, "__qualname__", "")
        module = getattr(given, "__module__", "")
        if callable(given) and plain.isidentifier() and module not in ("", "__main__"):
            found[name] = f"from {module} import {plain} as {name}" if plain != name else f"from {module} import {name}"
        else:
            found[name] = (
                f"\n\nasync def {name}(api):\n"
                f'    raise NotImplementedError("return the headers that {name}= of kit.explore stands for")'
            )
    return found


def test_of(it: Reproduction) -> str:
    """The source of the test."""
    lines = [*_marks(it), f"async def test_{_slug(it.fault)}(kit, api):", f"    {_docstring(it.fault)}"]
    body = [*_arranged(it), *_sent(it), *_asserted(it)]
    return "\n".join([*lines, *(f"    {line}" for line in body)])


def _marks(it: Reproduction) -> Iterator[str]:
    if it.plan is not None:
        yield "@pytest.mark.testkit(failpoints=True)  # what it finds is in the summary, and fails the run"
    elif it.fault.check in OF_THE_JUDGE:
        yield '@pytest.mark.testkit(judge="error")'


def _slug(fault: Fault) -> str:
    method, _, path = fault.operation.partition(" ")
    words = re.findall(r"[A-Za-z0-9]+", f"{method} {path} {fault.check}")
    return "_".join(words).lower()


def _docstring(fault: Fault) -> str:
    text = f"{fault.operation} {fault.what}".replace("\\", "/").replace('"', "'").splitlines()[0]
    return f'"""{fault.check}: {text[:160]}"""'


# --- rows and credentials ---------------------------------------------------------------------------


def _arranged(it: Reproduction) -> Iterator[str]:
    whom = {call.whom for call in it.script}
    if "user" in whom:
        yield "user = api.with_headers(await login(api) or {})" if it.options.login is not None else "user = api"
    if "other" in whom:
        yield "other = api.with_headers(await as_other(api) or {})"
    for row in it.rows:
        yield f"await kit.create({model_of(row)!r}, {_keywords(_values(row))})"
    if it.many is not None:
        given = dict(it.many.values.items())
        more = f", {_keywords(given)}" if given else ""
        yield f"await kit.factory({it.many.model!r}).create_many({it.many.number}{more})"


def _values(row: Row) -> dict[str, object]:
    return {
        name: value
        for name, value in row.as_dict().items()
        if name not in MANAGED and value is not None and name != "deleted_at"
    }


def _keywords(values: Mapping[str, object]) -> str:
    plain = {name: value for name, value in values.items() if name.isidentifier() and not keyword.iskeyword(name)}
    return ", ".join(f"{name}={literal(value)}" for name, value in plain.items())


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


# --- requests ---------------------------------------------------------------------------------------


def _sent(it: Reproduction) -> Iterator[str]:
    needed = {step for call in it.script for step in steps_needed(call)}
    last = len(it.script) - 1
    for place, call in enumerate(it.script):
        request = _request(call, it.options)
        if place == last:
            yield "with kit.changes() as changes:" if _needs_changes(it) else "response = " + request
            if _needs_changes(it):
                yield f"    response = {request}"
        elif place in needed:
            yield "with kit.changes() as changes:"
            yield f"    {request}"
            yield f"row{place} = next(change.after for change in changes if change.after is not None)"
        else:
            yield request
    if _may_raise(it):
        return


def _may_raise(it: Reproduction) -> bool:
    return False


def _needs_changes(it: Reproduction) -> bool:
    return it.fault.check in _WITH_CHANGES and it.plan is None


_WITH_CHANGES: Final = frozenset(
    ["sent-not-stored", "edge-not-kept", "changed-another-row", "changed-unsent-column", "repeat-changed-more"]
)


def _request(call: Call, options: Options) -> str:
    client = _CLIENTS[call.whom]
    arguments = [_path(call)]
    if call.query:
        arguments.append(f"params={literal(dict(call.query))}")
    if call.headers:
        shown = {name: "..." if is_secret(name) else value for name, value in call.headers.items()}
        arguments.append(f"headers={literal(shown)}")
    if not isinstance(call.body, NoBody):
        name = "data" if call.media_type.endswith("urlencoded") else "json"
        arguments.append(f"{name}={literal(call.body)}")
    return f"await {client}.request({call.method!r}, {', '.join(arguments)})"


def _path(call: Call) -> str:
    if not steps_needed(call):
        return repr(call.url())
    values = call.path_parameters

    def instead(found: re.Match[str]) -> str:
        value = values.get(found[1].partition(":")[0], "")
        return "{" + literal(value).replace('"', "'") + "}" if isinstance(value, Made) else str(value)

    return f'f"{_PARAMETER.sub(instead, call.path)}"'


# --- what is asserted -------------------------------------------------------------------------------


def _asserted(it: Reproduction) -> Iterator[str]:
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
        made = max(steps_made(it))
        yield f"assert str(row{made}['id']) in response.text" if made in _needed(it) else "assert response.json()"
    elif check == "found-after-delete":
        yield f"assert {_not_in_list(it)}" if _is_list(step) else "assert response.status_code in (404, 410)"
    elif check == "response-schema":
        yield "import schemathesis"
        yield ""
        yield "schema = schemathesis.openapi.from_dict(api.app.openapi())"
        yield f"schema[{it.script[-1].path!r}][{it.script[-1].method!r}].validate_response(response)"
    elif check in _WITH_CHANGES:
        yield from _about_changes(it)


def _needed(it: Reproduction) -> set[int]:
    return {step for call in it.script for step in steps_needed(call)}


def steps_made(it: Reproduction) -> list[int]:
    """The steps that created rows."""
    return [place for place, step in enumerate(it.steps[:-1]) if step.made is not None] or [0]


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
    ids = sorted({str(change.id) for each in it.steps[:-1] for change in each.case.changes})
    return f"not [item for item in {at} if str(item['id']) in {ids!r}]"


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
                yield f"    assert row[{top!r}] == {literal(jsonable(sent[top]))}"
