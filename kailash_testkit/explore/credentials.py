"""Accepted requests without credentials, and with those of another user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from kailash_testkit.explore import access, journeys
from kailash_testkit.explore.calls import Made, Script
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.phases import variants
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.trial import Trial

_READS = ("GET", "HEAD")


async def without_login(trial: Trial) -> None:
    """What is answered without credentials, held against what others on the same rows answer."""
    if trial.options.login is None:
        return
    answers: dict[str, Step] = {}
    for operation in trial.operations:
        script = trial.accepted.get(operation.label)
        if script is not None:
            trial.say(f"without credentials: {operation.label}")
            answers[operation.label] = (await trial.play(_last_as_nobody(script)))[-1]
    for operation in trial.operations:
        answer = answers.get(operation.label)
        if answer is not None and answer.is_success:
            trial.verdicts.public.add(operation.label)
        if answer is not None and answer.is_success and _sisters_refuse(trial, operation, answers):
            trial.verdicts.refusing_sisters.add(operation.label)
            await trial.play(_last_as_nobody(trial.accepted[operation.label]))


def _last_as_nobody(script: Script) -> Script:
    return (*script[:-1], script[-1].as_whom("nobody"))


def _sisters_refuse(trial: Trial, operation: Operation, answers: Mapping[str, Step]) -> bool:
    """Whether others on the same rows ask for credentials: of reads, another read."""
    key = access.collection_of(trial.subject(operation), operation)
    for other in trial.operations:
        answer = answers.get(other.label)
        is_sister = other is not operation and access.collection_of(trial.subject(other), other) == key
        if answer is None or not is_sister or not access.is_refused(answer):
            continue
        if operation.method not in _READS or other.method in _READS:
            return True
    return False


async def as_other(trial: Trial) -> None:
    """Requests of another user about rows of the first one."""
    if trial.options.as_other is None:
        return
    for operation in trial.operations:
        create = trial.accepted.get(operation.label)
        if create is not None and operation.role == "create":
            await _compare(trial, create)
    for operation in trial.operations:
        script = trial.accepted.get(operation.label)
        if script is not None:
            trial.say(f"as another user: {operation.label}")
            for variant in _variants(trial, operation, script):
                await trial.play(variant)
    for of_path in trial.collections().values():
        for state in journeys.states(of_path, partial(variants, trial)):
            await trial.play((*state[:-1], state[-1].as_whom("other")))
            lists = [of_path.listed, *(variants(trial, of_path.listed) if of_path.listed is not None else ())]
            for call in (*lists, of_path.read):
                if call is not None and of_path.create is not None:
                    column = of_path.columns.get(call.operation)
                    about = (
                        call if column is None else journeys.about_made(call, journeys.own_parameter(call), 0, column)
                    )
                    await trial.play((*state, about.as_whom("other")))


async def _compare(trial: Trial, script: Script) -> None:
    """What both users make by the same request tells the columns of owners."""
    ours = (await trial.play(script))[-1]
    theirs = (await trial.play(tuple(call.as_whom("other") for call in script)))[-1]
    if ours.made is None or theirs.made is None or not (ours.is_success and theirs.is_success):
        return
    created = next((change for change in ours.case.changes if change.after is ours.made), None)
    model = ours.ledger.model(created.model) if created is not None else None
    if model is not None:
        trial.identities.note(model, ours.made, theirs.made, ours.case.sent)


def _in_own_parent(trial: Trial, operation: Operation, script: Script) -> Iterator[Script]:
    """A row of the user below a parent that is the other one's: ``/orders/{theirs}/lines/{mine}``."""
    own, subject = operation.own_parameter, trial.subject(operation)
    child = trial.accepted.get(f"POST {operation.collection}")
    if own is None or subject is None or subject.column is None or child is None:
        return
    about = journeys.about_made(script[-1], own, len(child) - 1, subject.column)
    for name in (each.name for each in operation.parameters_in("path") if each.name != own):
        parent = trial.create_of(operation.path.partition("{" + name)[0].rstrip("/"))
        if parent is not None:
            theirs = Made(len(child) + len(parent) - 1)
            last = replace(about, path_parameters={**about.path_parameters, name: theirs}, whom="other")
            yield (*child, *(call.as_whom("other") for call in parent), last)


def _variants(trial: Trial, operation: Operation, script: Script) -> Iterator[Script]:
    """The request of another user: about the row that it was accepted for, and about one that the user creates."""
    yield (*script[:-1], script[-1].as_whom("other"))
    yield from _in_own_parent(trial, operation, script)
    subject, create = trial.subject(operation), trial.create_of(operation.collection)
    if create is None or subject is None or operation.role == "create":
        return
    own, last = operation.own_parameter, script[-1]
    if own is not None and subject.column is not None:
        last = journeys.about_made(last, own, len(create) - 1, subject.column)
    yield (*create, last.as_whom("other"))
