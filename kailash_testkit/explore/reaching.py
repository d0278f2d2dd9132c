"""A success of each operation, from which all else starts; where there is none, why: no finding is not silence."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from kailash_testkit.asgi.tracebacks import exception_line
from kailash_testkit.explore import journeys
from kailash_testkit.explore.calls import Call, Made, Script
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.trial import Trial
from kailash_testkit.redaction import redact

_CANDIDATES: Final = 14
_ABOUT_MADE: Final = 4
_ORDER: Final = {"create": 0, "list": 1, "read": 2, "update": 3, "other": 4, "delete": 5}
_LONGEST: Final = 160
_REASONS: Final = {
    400: "no valid request was found",
    401: "it asks for credentials: give login=",
    403: "the user may not do it: give login= of one who may",
    404: "no row was found that it is about",
    422: "no valid body was found",
}


async def reach(trial: Trial) -> None:
    """Tries each operation until it answers with a success; those that others make possible once more."""
    order = sorted(trial.operations, key=lambda each: _ORDER[each.role])
    for operation in order:
        trial.say(f"trying {operation.label}")
        await _reach(trial, operation)
    for operation in order:
        if operation.label not in trial.accepted:
            await _reach(trial, operation, start=_ABOUT_MADE)


async def _reach(trial: Trial, operation: Operation, start: int = 0) -> None:
    if operation.unsupported:
        return
    tried: set[str] = set()
    for number, call in enumerate(itertools.islice(trial.values.candidates(operation), start, _CANDIDATES)):
        for script in _scripts(trial, operation, call, number):
            if repr(script) in tried:
                continue
            tried.add(repr(script))
            note(trial, operation, script, await trial.play(script))
            if operation.label in trial.accepted:
                return


def _scripts(trial: Trial, operation: Operation, call: Call, number: int) -> Iterator[Script]:
    """The call about a row that there is; and about one that the API creates."""
    yield (call,)
    if number >= _ABOUT_MADE:
        return
    create, subject = trial.create_of(operation.collection), trial.subject(operation)
    own = operation.own_parameter
    if create is not None and own is not None and subject is not None and subject.column is not None:
        yield (*create, journeys.about_made(call, own, len(create) - 1, subject.column))
    for name in reversed([each.name for each in operation.parameters_in("path")]):
        prefix = operation.path.partition("{" + name)[0].rstrip("/")
        parent = trial.create_of(prefix)
        if name != own and parent is not None:
            made = Made(len(parent) - 1)
            yield (*parent, replace(call, path_parameters={**call.path_parameters, name: made}))
            return


def note(trial: Trial, operation: Operation, script: Script, steps: Sequence[Step]) -> None:
    """Keeps what the last step of a series says of its operation."""
    step = steps[-1]
    if not step.is_success:
        trial.refused.setdefault(operation.label, []).append(step)
        return
    if step.case.changes:
        trial.wrote.setdefault(operation.label, []).append(step)
    trial.accepted.setdefault(operation.label, script)
    if operation.role == "create" and trial.subject(operation) is None and step.made is not None:
        created = [change for change in step.case.changes if change.after is step.made and change.kind == "created"]
        model = step.ledger.model(created[0].model) if created else None
        if model is not None:
            trial.subjects.seen[operation.collection] = model


def why_unreached(operation: Operation, steps: Sequence[Step], ended: str) -> str:
    """The reason. steps: those that were refused. ended: why the exploration ended early."""
    if operation.unsupported:
        return operation.unsupported
    if not steps:
        return f"it was not tried: the exploration ended {ended}" if ended else "no request could be made"
    statuses = Counter(step.case.status for step in steps)
    status, number = statuses.most_common(1)[0]
    always = "always" if number == len(steps) else "mostly"
    last = next(step for step in reversed(steps) if step.case.status == status)
    if status is None:
        return f"{always} without an answer: {last.case.request.failure}"
    said = _said(last)
    reason = f"{_REASONS[status]}; " if status in _REASONS else ""
    return f"{reason}{always} {status}" + (f": {said}" if said else "")


def _said(step: Step) -> str:
    if step.error is not None:
        return exception_line(step.error)[:_LONGEST]
    if step.response is None:
        return ""
    return redact(step.response.text[:_LONGEST].replace("\n", " "))
