"""Series of requests: rows of a collection are created, read, updated, listed and deleted, in this order or any."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from kailash_testkit.explore.calls import Call, Made, Script, steps_needed, with_made
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.subjects import Subject

_WALK: Final = 6


@dataclass
class Collection:
    """The operations on the rows of one path that were answered with a success, each with the request for it."""

    create: Call | None = None
    listed: Call | None = None
    read: Call | None = None
    updates: list[Call] = field(default_factory=list[Call])
    delete: Call | None = None
    columns: dict[str, str] = field(default_factory=dict[str, str])
    """By operation, what the parameter holds that its path ends with."""


def collections(
    operations: Sequence[Operation], accepted: Mapping[str, Script], subject: Callable[[Operation], Subject | None]
) -> dict[str, Collection]:
    """By path. accepted: by operation, the requests that led to a success, the last one its own."""
    found: dict[str, Collection] = {}
    for operation in operations:
        script = accepted.get(operation.label)
        about = subject(operation)
        if script is None or about is None or about.is_action:
            continue
        call = script[-1]
        of_path = found.setdefault(operation.collection, Collection())
        if operation.own_parameter is not None:
            of_path.columns[operation.label] = about.column or "id"
        if operation.role == "create" and not steps_needed(call):
            of_path.create = call
        elif operation.role == "list" and not steps_needed(call):
            of_path.listed = call
        elif operation.role == "read":
            of_path.read = call
        elif operation.role == "update":
            of_path.updates.append(call)
        elif operation.role == "delete":
            of_path.delete = call
    return found


def about_made(call: Call, own_parameter: str, step: int, column: str) -> Call:
    """The same request about the row that an earlier step created."""
    return replace(call, path_parameters={**call.path_parameters, own_parameter: Made(step, column)})


def own_parameter(call: Call) -> str:
    """The parameter that the path ends with."""
    return call.path.rstrip("/").rpartition("{")[2].rstrip("}").partition(":")[0]


def journey(of_path: Collection) -> Iterator[Script]:
    """One row from beginning to end, between lists that were asked for before."""
    whole: list[Call] = []
    updates: Sequence[Call | None] = of_path.updates or [None]

    def add(call: Call | None, times: int = 1) -> None:
        if call is not None:
            whole.extend([_about(of_path, call, whole)] * times)

    for update in updates:
        whole.clear()
        add(of_path.listed)
        add(of_path.create)
        add(of_path.listed)
        add(of_path.read)
        add(update, 2)
        add(of_path.read)
        add(of_path.listed)
        add(of_path.delete, 2)
        add(of_path.read)
        add(of_path.listed)
        if len(whole) > 1:
            yield tuple(whole)


def _about(of_path: Collection, call: Call, before: Sequence[Call]) -> Call:
    """The call about the row that the series created; without one, about the row that it was accepted for."""
    created = [place for place, each in enumerate(before) if of_path.create is not None and each == of_path.create]
    column = of_path.columns.get(call.operation)
    if not created or column is None:
        return with_made(call, lambda made: made)
    return about_made(call, own_parameter(call), created[-1], column)


def states(of_path: Collection, variants: Callable[[Call], Iterator[Call]]) -> Iterator[tuple[Call, ...]]:
    """Series that bring a row into a state: created with one of the values of a field, or updated to it.

    variants: of a request, those with another value in a field that has few.
    """
    if of_path.create is not None:
        for call in variants(of_path.create):
            yield (call,)
    for update in of_path.updates:
        for call in variants(update):
            if of_path.create is None:
                yield (call,)
            else:
                yield (of_path.create, _about(of_path, call, [of_path.create]))


def through(of_path: Collection, state: Sequence[Call]) -> Iterator[Script]:
    """What can be done with a row in a state: read and listed, updated, deleted."""
    whole = [*state]
    create = [place for place, call in enumerate(whole) if call.method == "POST"]

    def about(call: Call) -> Call:
        column = of_path.columns.get(call.operation)
        if column is None or not create:
            return call if column is None or not whole else replace(call, path_parameters=whole[0].path_parameters)
        return about_made(call, own_parameter(call), create[0], column)

    updates: Sequence[Call | None] = of_path.updates or [None]
    first, *others = updates  # each on the state itself: another update may have ended it
    calls = [of_path.listed, of_path.read, first, of_path.read, of_path.delete, of_path.listed]
    yield (*whole, *(about(call) for call in calls if call is not None))
    for update in others:
        if update is not None:
            yield (*whole, about(update))


def walk(of_path: Collection, chance: random.Random) -> Script:
    """Requests of a collection in random order, about rows that the series created where there are some."""
    calls: list[Call] = []
    for _ in range(_WALK):
        options = [of_path.create, of_path.listed, of_path.read, *of_path.updates, of_path.delete]
        known = [each for each in options if each is not None]
        chosen = chance.choice(known)
        calls.append(_about(of_path, chosen, calls))
        if chance.random() < 0.2 and chosen.method in ("PUT", "DELETE"):
            calls.append(calls[-1])
    return tuple(calls)
