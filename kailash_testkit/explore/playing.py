"""Sends a series of requests, each judged while its rows are there, and takes back what the series did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.timeline import TIMED, TimedRequest
from kailash_testkit.changes.net import net_changes
from kailash_testkit.databases.failpoints import Failpoint
from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.errors import AnsweredFromRecord, DatabaseBusy
from kailash_testkit.explore.calls import Call, Made, Script, Whom, with_made
from kailash_testkit.explore.requests import no_server, request_for
from kailash_testkit.internals.nexus import forget_records
from kailash_testkit.isolation.levels import State
from kailash_testkit.judge.cases import SAFE, Case, Ledger
from kailash_testkit.judge.observing import observed
from kailash_testkit.models.rows import Row, jsonable
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient
    from kailash_testkit.kit import Kit

_SECONDS: Final = 30.0
REFUSED_SECONDS: Final = 5.0
"""How long an answer is waited for; while a write is refused, less: whoever tries for ever would take all the time."""

PATIENCE: Final = 0.2
"""Seconds that tasks are waited for which a request left running; those that go on are not waited for again."""


@dataclass
class Step:
    """A call that was sent. call: as it was sent. made: the row that it created, else the one that it changed.

    is_locked: a transaction was open after it; it was ended by force. ledger: the rows as it left them.
    """

    call: Call
    case: Case
    response: httpx.Response | None
    error: Exception | None
    made: Row | None
    ledger: Ledger
    is_locked: bool = False
    open_transactions: Sequence[str] = ()

    @property
    def operation(self) -> str:
        """``POST /orders``."""
        return self.call.operation

    @property
    def is_success(self) -> bool:
        """Whether it was answered by a 2xx."""
        return self.case.is_success


@dataclass(frozen=True)
class Many:
    """Rows of a model that are there beside those of each series. make: stores them."""

    model: str
    number: int
    values: Mapping[str, object]
    make: Callable[[], Awaitable[object]]


Judge = Callable[[Step, Sequence[Step]], None]
"""Looks at a step, after those before it, while its rows are there."""


def unjudged(_step: Step, _before: Sequence[Step]) -> None:
    """A judge for steps that are looked at later, or not at all."""


@dataclass
class Player:
    """Sends series of requests from the same rows. clients: by whose credentials they send.

    count: how many requests were sent. waits: after each that writes, for what a server at a URL may still be doing.
    """

    kit: Kit
    clients: Mapping[Whom, ApiClient]
    count: int = 0
    waits: bool = False
    statuses: dict[str, dict[int, int]] = field(default_factory=dict[str, dict[int, int]])
    _state: State | None = None
    _world: list[RecordedChange] = field(default_factory=list[RecordedChange])
    _known_tasks: set[Any] = field(default_factory=set[Any])
    _last: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether the application is a server at a URL, whose tasks are not known."""
        return self.clients["user"].transport.is_elsewhere

    @property
    def url(self) -> str:
        """Of that server, or what stands for one."""
        return redact(str(self.clients["user"].base_url))

    # --- the rows from which each series starts -------------------------------------------------

    def begin(self) -> None:
        """The present rows are those that each series starts from."""
        self._world = [*self.kit.sandbox.written()]
        self._state = self.kit.sandbox.state()
        self._known_tasks = asyncio.all_tasks()

    def back(self) -> None:
        """The rows are again those that each series starts from."""
        sandbox = self.kit.sandbox
        assert self._state is not None
        try:
            is_back = sandbox.return_to(self._state)
        except DatabaseBusy:
            sandbox.end_transactions()
            is_back = sandbox.return_to(self._state)
        if not is_back:
            sandbox.settle()
            sandbox.journal.replay(self._world)
            self._state = sandbox.state()
        self._forget()

    def _forget(self) -> None:
        self.kit.explainer.went_back()
        client = self.clients["user"]
        forget_records(client.app)

    def world(self) -> list[RecordedChange]:
        """What led to the rows that each series starts from."""
        return self._world

    def start_from(self, rows: Sequence[RecordedChange]) -> None:
        """Each series starts from these rows instead."""
        sandbox = self.kit.sandbox
        sandbox.settle()
        sandbox.journal.replay(rows)
        self._world = [*rows]
        self._state = sandbox.state()
        self._forget()

    # --- sending --------------------------------------------------------------------------------

    async def play(
        self,
        script: Script,
        judge: Judge,
        *,
        refused: Failpoint | None = None,
        many: Many | None = None,
        patience: float = REFUSED_SECONDS,
    ) -> list[Step]:
        """Sends the calls one after the other, and goes back.

        refused: a write that fails meanwhile; patience: for how many seconds an answer is waited for then.
        many: rows that are there, too.
        """
        steps: list[Step] = []
        if self.kit.sandbox.journal.moved(cast("State", self._state).mark):
            self.back()  # a task that an earlier request left behind wrote late
        try:
            if many is not None:
                await many.make()
            if refused is not None:
                self.kit.database.refuse(refused)
            for call in script:
                known = with_made(call, lambda made: _value(made, steps))
                step = await self._send(known, _SECONDS if refused is None else patience, counts=refused is None)
                if refused is not None and call is script[-1]:
                    self.kit.database.allow()
                judge(step, steps)
                steps.append(step)
        finally:
            if refused is not None:
                self.kit.database.allow()
            self.back()
        return steps

    async def _send(self, call: Call, patience: float, *, counts: bool) -> Step:
        client = self.clients[call.whom]
        sandbox = self.kit.sandbox
        before = sandbox.position() or 0
        cookies = httpx.Cookies(client.cookies) if client.cookies else None
        request = request_for(client, call)
        request.extensions["timeout"] = httpx.Timeout(patience).as_dict()
        response: httpx.Response | None = None
        failure: Exception | None = None
        try:
            response = await client.send(request)
        except AnsweredFromRecord:
            pass
        except httpx.ConnectError as error:
            if self.is_elsewhere:
                raise no_server(client, self._last) from error
            failure = error
        except Exception as error:
            failure = error
        timed: TimedRequest = request.extensions[TIMED]
        self._last = request_line(request)
        await self._quiet(call)
        self.count += 1
        is_locked = call.method not in SAFE and sandbox.database.is_locked()
        holders = sandbox.database.open_transactions() if is_locked else ()
        if is_locked:
            sandbox.end_transactions()
        if response is None or "set-cookie" in response.headers:
            client.cookies = cookies or httpx.Cookies()
        step = self._step(call, timed, before, response, failure, is_locked, holders)
        if counts and step.case.status is not None:
            of_operation = self.statuses.setdefault(call.operation, {})
            of_operation[step.case.status] = of_operation.get(step.case.status, 0) + 1
        return step

    def _step(
        self,
        call: Call,
        timed: TimedRequest,
        before: int,
        response: httpx.Response | None,
        failure: Exception | None,
        is_locked: bool,
        holders: Sequence[str],
    ) -> Step:
        sandbox = self.kit.sandbox
        models = self.kit.store.models_by_table()
        mark = cast("State", self._state).mark
        recorded = [change for change in sandbox.journal.changes(mark) if change.seq > before]
        timed.last = max((change.seq for change in recorded), default=before)
        changes = [change for change in net_changes(recorded, models) if change.is_reported]
        is_known = not sandbox.journal.gaps(mark)
        seen = observed([self.kit.explainer], timed)
        case = Case(timed, changes, recorded, is_alone=True, is_known=is_known, may_write_later=False, observed=seen)
        case.__dict__["route"] = call.operation  # as the description has it, whatever the framework calls it
        ledger = Ledger(models, recorded, sandbox.database)
        made = _made(case)
        return Step(call, case, response, failure, made, ledger, is_locked, holders)

    async def _quiet(self, call: Call) -> None:
        """Waits for what a request left running, so that its writes are known as its own."""
        if self.waits and self.is_elsewhere and call.method not in SAFE:
            await asyncio.sleep(PATIENCE)
        left = [task for task in asyncio.all_tasks() - self._known_tasks if not task.done()]
        if left:
            _, pending = await asyncio.wait(left, timeout=PATIENCE)
            self._known_tasks |= pending


def _made(case: Case) -> Row | None:
    """The row that the answer shows among those that were created, else the first one; else the one that changed."""
    created = [change.after for change in case.changes if change.kind == "created" and change.after is not None]
    shown = str(_shown_id(case.answer))
    for row in created:
        if str(jsonable(row.as_dict().get("id"))) == shown:
            return row
    if created:
        return created[0]
    changed = [change.after for change in case.changes if change.after is not None]
    return changed[0] if changed else None


def _shown_id(answer: object) -> object:
    from kailash_testkit.judge.bodies import item_in

    item = item_in(answer, None, "id")
    return None if item is None else item.get("id")


def _value(made: Made, steps: Sequence[Step]) -> object:
    row = steps[made.step].made if made.step < len(steps) else None
    return None if row is None else jsonable(row.as_dict().get(made.column))
