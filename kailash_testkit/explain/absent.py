"""Why a row is not in the database. Each function names its cause, or returns None where it is not the one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kailash_testkit.asgi.timeline import TimedRequest
from kailash_testkit.concurrency import tasks
from kailash_testkit.databases import peek
from kailash_testkit.errors import KitError
from kailash_testkit.explain.case import Case
from kailash_testkit.explain.failures import Failure
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.internals import dataflow_evidence
from kailash_testkit.models.enums import enum_to_value
from kailash_testkit.models.types import type_name
from kailash_testkit.redaction import redact

Suspect = Callable[[Case], Explanation | None]

_MOST: Final = 3  # lines of one kind
_OTHER_LOOP: Final = ("Event loop is closed", "attached to a different loop", "bound to a different event loop")
_CHECK: Final = "check the results of the nodes in the handler: CreateNode returns success: False, it does not raise"


def no_id(case: Case) -> Explanation | None:
    """The id is what a CreateNode returns for an automatic id."""
    if case.asked is not None:
        return None
    return Explanation(
        Cause.NOT_AN_ID,
        f"no {case.model.name} has the id None",
        evidence=["CreateNode returns no automatic id on SQLite and MariaDB, so that result['id'] is None or missing"],
        cure="find the row by other fields: kit.find(Model, name=...), or give an id yourself",
    )


def id_of_other_type(case: Case) -> Explanation | None:
    """The id is "7", and the row's is 7."""
    if not case.is_of_other_type:
        return None
    text = str(case.asked)
    kind = type_name(case.model.columns["id"])
    meant: object = int(text) if text.lstrip("-").isdigit() and kind == "int" else text
    there = case.stored(meant)
    return Explanation(
        Cause.OTHER_ID_TYPE,
        f"the id {case.asked!r} is of type {type(case.asked).__name__}; {case.model.name}.id is declared {kind}",
        evidence=[f"there is {case.model.name} {there.id!r}" if there else f"there is no {case.model.name} {meant!r}"],
        cure=f"ask for {case.model.name} {meant!r}; a path or a JSON body gives ids as text",
        certain=there is not None,
    )


def deleted(case: Case) -> Explanation | None:
    """The journal has seen it, and seen it go."""
    if not case.past:
        return None
    last = case.past[-1]
    if last.kind == "update" and last.after is not None:
        return Explanation(
            Cause.ID_CHANGED,
            f"{case.name} was given the id {last.after.get('id')!r}{case.when(last.seq)}",
            evidence=[f"it is {case.place(last)} in the journal"],
            cure="change no ids: rows that refer to it lose it",
        )
    if last.kind != "delete":
        return None
    first = case.past[0]
    written = (
        f"written{case.when(first.seq)} ({case.place(first)} in the journal)" if first.kind == "insert" else "there"
    )
    return Explanation(
        Cause.DELETED,
        f"{case.name} was deleted{case.when(last.seq)}",
        evidence=[f"it was {written}, and deleted by {case.place(last)}"],
        cure="look for what deletes it there: a clean-up, a cascade, an upsert that replaces rows",
    )


def in_another_database(case: Case) -> Explanation | None:
    """Another DataFlow instance has the model, and the row."""
    for other in [*filter(None, [_other_by_name(case)]), *dataflow_evidence.instances()]:
        if other is not case.dataflow and case.model.name in other.get_models() and _has(case, other):
            return _written_elsewhere(case, other, certain=not _may_be_chance(case))
    return None


def _may_be_chance(case: Case) -> bool:
    """Whether another database may have a row of that id by chance: each counts from 1, and nobody wrote."""
    return case.model.id_is_automatic and not _writes_without_trace(case)


def behind_the_name(case: Case) -> Explanation | None:
    """A node named by text works on another instance, and that one has the row."""
    other = _other_by_name(case)
    if other is None or not _has(case, other) or _may_be_chance(case):
        return None
    return _written_elsewhere(case, other, certain=True)


def name_leads_elsewhere(case: Case) -> Explanation | None:
    """A node named by text works on another instance, and a request wrote something that is not here."""
    other = _other_by_name(case)
    if other is None or not _writes_without_trace(case):
        return None
    return _written_elsewhere(case, other, certain=False)


def _other_by_name(case: Case) -> Any | None:
    other = dataflow_evidence.instance_behind_name(case.model.name)
    return None if other is None or other is case.dataflow or _url(other) == _url(case.dataflow) else other


def _writes_without_trace(case: Case) -> list[TimedRequest]:
    """The requests that were to write, say that they did, and changed nothing here."""
    return [
        request
        for request in case.timeline
        if request.method != "GET" and request.succeeded and case.changed_during(request) is False
    ]


def _has(case: Case, other: Any) -> bool:
    table = other.get_model_info(case.model.name)["table_name"]
    if _url(other) == _url(case.dataflow):
        return False
    try:
        return peek(dataflow_internals.url_of(other), table, enum_to_value(case.asked))
    except KitError:  # a database that the kit cannot look into
        return False


def _url(dataflow: Any) -> str:
    return redact(dataflow_internals.url_of(dataflow))


def _written_elsewhere(case: Case, other: Any, *, certain: bool) -> Explanation:
    name = case.model.name
    last = dataflow_evidence.instance_behind_name(name)
    by_name = "the other" if last is other else "this one" if last is case.dataflow else "a third"
    return Explanation(
        Cause.OTHER_DATABASE,
        f"{case.name} is in {_url(other)}, not in the test database"
        if _has(case, other)
        else f"nodes named {name}CreateNode and the like write to {_url(other)}, not to the test database",
        evidence=[
            f"two DataFlow instances have the model {name}: {_url(case.dataflow)} (under test) and {_url(other)}",
            f'the node name "{name}CreateNode" leads to {by_name}: to the instance that registered the model last',
        ],
        unknown=[]
        if certain
        else ["whether that row is this one" if _has(case, other) else "whether the row is there"],
        cure=f'workflow.add_node(db.get_node("{name}CreateNode"), ...) instead of the name; one DataFlow per process',
        certain=certain,
    )


def not_committed(case: Case) -> Explanation | None:
    """Somebody's open transaction keeps the database locked: what it wrote, nobody else sees."""
    if not case.database.is_locked():
        return None
    found = case.database.open_transactions()
    return Explanation(
        Cause.NOT_COMMITTED,
        "a transaction that writes is open on the test database; nobody else sees its rows before it commits",
        evidence=[f"held by: {line}" for line in found[:_MOST]] or ["held by no connection of this process"],
        unknown=[f"whether {case.name} is among what it wrote"],
        cure="commit it, or end the block that began it, before looking",
        certain=False,
    )


def closed_loop(case: Case) -> Explanation | None:
    """A node used a connection of an event loop that is gone."""
    of_model = [each for each in case.failures if each.model in (case.model.name, None)]
    found = [each for each in of_model if any(sign in each.error for sign in _OTHER_LOOP)]
    if not found:
        return None
    return Explanation(
        Cause.CLOSED_LOOP,
        "a node used a connection that belongs to another event loop",
        evidence=[str(failure) for failure in found[-_MOST:]],
        cure="run all in one loop: asyncio_default_test_loop_scope and asyncio_default_fixture_loop_scope = session",
        certain=any(case.names_the_id(failure) for failure in found),
    )


def never_awaited(case: Case) -> Explanation | None:
    """A write of the model was called, and nobody awaited it."""
    found = case.never_awaited()
    if not found or case.past or case.gaps:
        return None
    return Explanation(
        Cause.NEVER_AWAITED,
        f"{case.name} was never written: {found[-1]}",
        unknown=["whether that call was to write this row"],
        cure="await it",
        certain=False,
    )


def this_create_failed(case: Case) -> Explanation | None:
    """A create that was given this very id failed."""
    return _create_failed(case, case.failed_creates(case.names_the_id), certain=True)


def a_create_failed(case: Case) -> Explanation | None:
    """A create of the model failed that was given no id."""
    of_app = case.failed_creates(lambda failure: not failure.row_ids and not failure.by_kit)
    return _create_failed(case, of_app, certain=False)


def _create_failed(case: Case, found: list[Failure], *, certain: bool) -> Explanation | None:
    if not found or case.gaps or case.past:
        return None
    return Explanation(
        Cause.CREATE_FAILED,
        f"{case.name} was never written: {found[0].error}",
        evidence=[str(failure) for failure in found[:_MOST]],
        unknown=[] if certain else ["whether that create was to make this row: it was given no id"],
        cure=_CHECK,
        certain=certain,
    )


def recorded_answer(case: Case) -> Explanation | None:
    """Nexus answered a request without running its handler."""
    found = [request for request in case.timeline if request.recorded]
    if not found:
        return None
    return Explanation(
        Cause.RECORDED_ANSWER,
        f"{found[-1].line()} was answered from Nexus's record of an identical request; its handler did not run",
        cure='api.with_headers({"X-Durable": "false"}), or Nexus(enable_durability=False)',
        certain=False,
    )


def still_running(case: Case) -> Explanation | None:
    """A request, or a task that one started, has not ended."""
    found = case.running_tasks()
    lines = [f"running: {tasks.described(task)}" for task in found]
    lines += [f"not answered yet: {request.line()}" for request in case.timeline if request.seconds is None]
    if not lines:
        return None
    return Explanation(
        Cause.STILL_RUNNING,
        f"{case.name} is not written so far, and tasks beside the test's still run",
        evidence=lines[:_MOST],
        unknown=["whether one of them will write it"],
        cure="let the handler await it, make it a background task of the response, or wait for it in the test",
        certain=False,
    )


def server_elsewhere(case: Case) -> Explanation | None:
    """A server in another process says that it wrote something, and nothing changed here."""
    found = [request for request in _writes_without_trace(case) if request.elsewhere]
    if not found:
        return None
    return Explanation(
        Cause.OTHER_DATABASE,
        f"the server behind {found[-1].line()} seems to work on another database",
        evidence=[f"{request}, and nothing changed in the test database" for request in found[-_MOST:]],
        unknown=["which database the other process is connected to"],
        cure="start the server with the test database's URL in its environment",
        certain=False,
    )


def never_written(case: Case) -> Explanation:
    """What is left: the journal has no trace of it."""
    deaf = ["whether a create failed: the log in which DataFlow tells of it is switched off"]
    unknown = deaf if case.failures.is_deaf else []
    if case.gaps:
        return Explanation(
            Cause.UNDECIDED,
            f"{case.name} is not there, and the journal cannot tell everything that happened",
            evidence=[f"there may be more than it recorded: {gap}" for gap in case.gaps],
            unknown=["whether it was ever written", *unknown],
            cure="change the schema outside of the test",
            certain=False,
        )
    if case.past:
        return Explanation(
            Cause.UNDECIDED,
            f"the journal says that {case.name} is there, and the table does not have it",
            evidence=[f"{change.kind}: {case.place(change)}" for change in case.past[-_MOST:]],
            certain=False,
        )
    return Explanation(
        Cause.NEVER_WRITTEN,
        f"no transaction that wrote {case.name} was ever committed to the test database",
        evidence=["the journal records every committed change, and has none of it since the last reset"],
        unknown=unknown,
        cure="check that the handler gets to the create, with this id, and commits: a rollback leaves no trace",
    )
