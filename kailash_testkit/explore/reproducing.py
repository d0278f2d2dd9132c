"""A test that shows a fault with the kit, and passes once the fault is mended."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kailash_testkit.exploration import Fault
from kailash_testkit.explore.asserting import WITH_CHANGES, Reproduction, asserted, literal, needed
from kailash_testkit.explore.calls import Call, Made, NoBody, Whom, steps_needed
from kailash_testkit.explore.options import Options
from kailash_testkit.judge.findings import CHECKS as OF_THE_JUDGE
from kailash_testkit.models.model import MANAGED
from kailash_testkit.models.rows import Row, model_of
from kailash_testkit.redaction import is_secret

_KEPT_FROM_BEFORE: Final = ("not-listed-after-create", "found-after-delete")
_PARAMETER: Final = re.compile(r"\{([^}/]*)\}")
_CLIENTS: Final[Mapping[Whom, str]] = {"user": "user", "other": "other", "nobody": "api"}
HEAD: Final = '''"""Tests of what ``kailash-testkit explore`` found: each fails while the fault is there."""

import datetime
import json
import pathlib

import pytest
'''


def module_of(faults: Iterable[Fault], logins: Mapping[str, str]) -> str:
    """A module with a test for each. logins: lines that import or define ``login`` and ``as_other``, by name."""
    tests = "\n\n\n".join(fault.test for fault in faults)
    used = [line for name, line in logins.items() if re.search(rf"\b{name}\b", tests)]
    lines = HEAD.splitlines()
    for name in ("datetime", "json", "pathlib"):
        if re.search(rf"\b{name}\.\w+\(", tests) is None:
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
    body = [*_arranged(it), *_sent(it), *asserted(it)]
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


# --- requests ---------------------------------------------------------------------------------------


def _sent(it: Reproduction) -> Iterator[str]:
    named = needed(it)
    last = len(it.script) - 1
    if it.fault.check in _KEPT_FROM_BEFORE and not steps_needed(it.script[-1]):
        yield f"{_request(it.script[-1], it.options)}  # an answer that is kept shows the rows of now"
    for place, call in enumerate(it.script):
        request = _request(call, it.options)
        if place == last:
            yield "with kit.changes() as changes:" if _needs_changes(it) else "response = " + request
            if _needs_changes(it):
                yield f"    response = {request}"
        elif place in named:
            yield "with kit.changes() as changes:"
            yield f"    {request}"
            yield f"row{place} = next(change.after for change in changes if change.after is not None)"
        else:
            yield request


def _needs_changes(it: Reproduction) -> bool:
    return it.fault.check in WITH_CHANGES and it.plan is None


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
