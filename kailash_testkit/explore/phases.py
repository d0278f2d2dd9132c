"""What is tried of operations that were accepted once: series, edges, long lists, refused writes, and chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from kailash_testkit.errors import KitError
from kailash_testkit.explore import journeys
from kailash_testkit.explore.calls import Call, Script, as_object
from kailash_testkit.explore.edges import edge_calls
from kailash_testkit.explore.fitting import fits
from kailash_testkit.explore.operations import Operation, Schema
from kailash_testkit.explore.playing import Many
from kailash_testkit.explore.trial import Trial
from kailash_testkit.explore.world import OF_EACH
from kailash_testkit.judge.cases import SAFE

_EDGES: Final = 80
_MIXED: Final = 40
_WALKS: Final = 6
_REFUSALS: Final = 12
_FEW: Final = 8
_PLAIN: Final = ("some text", 7)
_PATIENCE: Final = 15.0  # seconds
_MANY: Final = 120  # more than any default limit of DataFlow


async def series(trial: Trial) -> None:
    """Rows from their creation to their end, and each write twice."""
    for path, of_path in trial.collections().items():
        trial.say(f"create, read, update, delete at {path}")
        for script in journeys.journey(of_path):
            await trial.play(script)
    for operation in trial.operations:
        accepted = trial.accepted.get(operation.label)
        if accepted is not None and operation.method not in SAFE:
            await trial.play((*accepted, accepted[-1]))


async def states(trial: Trial) -> None:
    """Rows in each state that a field with few values allows, and what can be done with them then."""
    for path, of_path in trial.collections().items():
        trial.say(f"rows in each state at {path}")
        of_path = replace(of_path, create=await _with_all_fields(trial, of_path.create))
        for state in journeys.states(of_path, partial(variants, trial)):
            for script in journeys.through(of_path, state):
                await trial.play(script)


async def _with_all_fields(trial: Trial, create: Call | None) -> Call | None:
    """The request with a value in each field, if it is accepted: what is lost of an empty field nobody sees."""
    body = None if create is None else as_object(create.body)
    if create is None or body is None:
        return create
    operation = trial.verdicts.operations[create.operation]
    fields = dict(body)
    for name, declared in operation.properties().items():
        schema = operation.resolved(declared)
        value = next((each for each in _PLAIN if fits(each, schema)), None)
        refers = trial.subjects.referred(name, trial.subject(operation)) is not None
        if value is not None and not refers and not schema.get("enum") and not body.get(name):
            fields[name] = value
    fuller = replace(create, body=fields)
    return fuller if fields != body and (await trial.play((fuller,)))[-1].is_success else create


def variants(trial: Trial, call: Call) -> Iterator[Call]:
    """A request with another value in a field that has few; of a PATCH, with that field alone, too."""
    operation = trial.verdicts.operations[call.operation]
    body = as_object(call.body)
    required: list[str] = operation.resolved(operation.body or {}).get("required", [])
    for name, declared in operation.properties().items() if body is not None else ():
        for value in _few(operation, declared, (body or {}).get(name)):
            yield replace(call, body={**(body or {}), name: value})
            if call.method == "PATCH":
                needed = {each: (body or {})[each] for each in required if each in (body or {})}
                yield replace(call, body={**needed, name: value})
    for parameter in operation.parameters_in("query"):
        for value in _few(operation, parameter.schema, call.query.get(parameter.name)):
            yield replace(call, query={**call.query, parameter.name: value})


def _few(operation: Operation, declared: Schema, held: object) -> list[object]:
    """The values of a schema that has few, but the one that is held, or is the default."""
    schema = operation.resolved(declared)
    options: list[object] = [*schema.get("enum", ())] or ([True, False] if schema.get("type") == "boolean" else [])
    return [option for option in options[:_FEW] if option != (schema.get("default") if held is None else held)]


async def edges(trial: Trial) -> None:
    """Values at the edges, one in each request; what was created with one is read after it."""
    collections = trial.collections()
    for operation in trial.operations:
        script = trial.accepted.get(operation.label)
        if script is None:
            continue
        trial.say(f"values at edges for {operation.label}")
        calls = [*edge_calls(operation, script[-1])]
        if len(calls) > _EDGES:
            calls = trial.random.sample(calls, _EDGES)
        of_path = collections.get(operation.collection)
        read = of_path.read if of_path is not None and operation.role == "create" else None
        for call in calls:
            edged: Script = (*script[:-1], call)
            if read is not None and of_path is not None:
                column = of_path.columns.get(read.operation, "id")
                own = journeys.own_parameter(read)
                edged = (*edged, journeys.about_made(read, own, len(edged) - 1, column))
            await trial.play(edged)


async def long_lists(trial: Trial) -> None:
    """Lists of more rows than DataFlow's default limits."""
    for operation in trial.operations:
        script = trial.accepted.get(operation.label)
        many = None if script is None or operation.role != "list" else _many(trial, operation)
        if script is None or many is None:
            continue
        trial.say(f"a long list from {operation.label}")
        try:
            await trial.play(script, many=many)
        except KitError as error:  # of some models there can only be few
            trial.result.unmade[f"{many.model}, for a long list"] = error.what


def _many(trial: Trial, operation: Operation) -> Many | None:
    subject = trial.subject(operation)
    if subject is None or len(trial.world.of(subject.model.name)) < OF_EACH:
        return None
    model = subject.model
    row = trial.world.of(model.name)[0].as_dict()
    parents = {name: row[name] for name in trial.world.parents.get(model.name, {}) if name in row}
    owners = {name: value for name, value in trial.identities.raw.items() if name in model.writable}
    factory: Any = trial.world.factories.get(model.name) or trial.kit.factory(model.name)
    values = {**parents, **owners}
    return Many(model.name, _MANY, values, partial(_stored, factory, values))


async def _stored(factory: Any, values: Mapping[str, object]) -> None:
    await factory.create_many(_MANY, **values)


async def refusals(trial: Trial) -> None:
    """Each write of an accepted request refused by the database."""
    for operation in trial.operations:
        script = trial.accepted.get(operation.label)
        if trial.options.failpoints and script is not None and operation.method not in SAFE:
            trial.say(f"refused writes of {operation.label}")
            await _refused(trial, script)


async def _refused(trial: Trial, script: Script) -> None:
    trial.require_time()
    for plan in (await trial.shrinker.plans(script))[:_REFUSALS]:
        trial.require_time()
        last, found = await trial.shrinker.refused(script, plan)
        if any(each.check == "failpoint-hung" for each in found):  # or the machine is busy
            last, found = await trial.shrinker.refused(script, plan, patience=_PATIENCE)
        for each in found:
            await trial.add(script, last, each, plan=plan)


async def at_random(trial: Trial) -> None:
    """Accepted requests with some of their values replaced, and series in random order."""
    found = [each for each in trial.collections().values() if each.create or each.listed]
    operations = [each for each in trial.operations if each.label in trial.accepted]
    for number in range(_MIXED):
        trial.say(f"values at random, {number + 1} of {_MIXED}")
        for operation in operations:
            script = trial.accepted[operation.label]
            if operation.parameters or operation.body is not None:
                mixed = trial.values.mixed(operation, script[-1])
                twice = (mixed,) if number % 3 == 0 and operation.method not in SAFE else ()
                await trial.play((*script[:-1], mixed, *twice))
        if number % (_MIXED // _WALKS) == 0:
            for of_path in found:
                await trial.play(journeys.walk(of_path, trial.random))
