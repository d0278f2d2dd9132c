"""`Exploration`: what came of trying the operations of an API, see `Kit.explore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kailash_testkit.errors import FaultyRequest
from kailash_testkit.text import comma_join, some

Key = tuple[str, str, tuple[str, ...]]
_MOST_DETAILS: Final = 60


@dataclass(frozen=True)
class Fault:
    """One fault that was found. All texts are without secrets.

    check: the check that found it. operation: ``POST /orders/{order_id}``. models: whose rows it is about.
    what, details, why, do: what happened, the evidence, the cause where it is known, and what to do.
    rows: those that must be there before. before: the requests before the one that it shows in. request, response: that
        one, and its answer. changes: what it did to the rows. place: where the application raised.
    test: the source of a test that fails while the fault is there. script: the requests as data.
    """

    check: str
    operation: str
    models: tuple[str, ...]
    what: str
    details: tuple[str, ...]
    why: str | None
    do: str
    request: str
    response: str
    changes: tuple[str, ...]
    before: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    place: str = ""
    test: str = field(default="", repr=False)
    script: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def key(self) -> Key:
        """As a baseline knows it."""
        return self.check, self.operation, self.models

    @property
    def message(self) -> str:
        """The whole, in lines."""
        lines = [f"{self.check}: {self.operation} {self.what}"]
        lines += [f"  {line}" for line in self.details]
        lines += [f"  rows:     {row}" for row in self.rows]
        lines += [f"  before:   {line}" for line in self.before]
        lines += [f"  request:  {self.request}", f"  response: {self.response}"]
        lines += [f"  changed:  {line}" for line in self.changes]
        if self.why:
            lines.append(f"  why: {self.why}")
        return "\n".join([*lines, f"  do:  {self.do}"])

    def __str__(self) -> str:
        return self.message


@dataclass
class OperationFacts:
    """What was tried of one operation. statuses: how often it answered with each. models: whose rows it changed.

    unreached: why it never answered with a success; empty where it did.
    """

    operation: str
    requests: int = 0
    statuses: dict[int, int] = field(default_factory=dict[int, int])
    models: list[str] = field(default_factory=list[str])
    unreached: str = ""

    @property
    def is_reached(self) -> bool:
        """Whether it answered with a success."""
        return not self.unreached


@dataclass
class Exploration:
    """What came of it: ``exploration = await kit.explore(api)``, then ``exploration.assert_none()``.

    findings: what is new. known: what the baseline accepts. operations: what was tried of each.
    requests, seconds: how many, in which time. unmade: models of which no row could be stored, and why.
    unjudged: checks that could not see anything, and why. unconfirmed: what a server at a URL showed once, and no more
        when it was given time to end each request.
    seed: that makes the same exploration again. checks: those that were on.
    ended: why it ended before all was tried; empty otherwise.
    """

    findings: list[Fault] = field(default_factory=list[Fault])
    known: list[Fault] = field(default_factory=list[Fault])
    operations: list[OperationFacts] = field(default_factory=list[OperationFacts])
    requests: int = 0
    seconds: float = 0.0
    seed: int = 0
    checks: tuple[str, ...] = ()
    unmade: dict[str, str] = field(default_factory=dict[str, str])
    unjudged: dict[str, str] = field(default_factory=dict[str, str])
    unconfirmed: list[str] = field(default_factory=list[str])
    models: Collection[str] = ()
    ended: str = ""

    def assert_none(self) -> None:
        """Raises `FaultyRequest`, with the message of each, if there are findings."""
        if not self.findings:
            return
        first, *others = self.findings
        details = [*first.message.splitlines()[1:], *(line for each in others for line in each.message.splitlines())]
        hidden = len(details) - _MOST_DETAILS
        raise FaultyRequest(
            f"{some(len(self.findings), 'finding')}: {first.message.splitlines()[0]}",
            details=[*details[:_MOST_DETAILS], *([f"... and {hidden} more lines"] if hidden > 0 else [])],
            do="mend each; what is meant is left out by skip={operation: [check]}, or accepted by a baseline",
        )

    def unreached(self) -> Sequence[OperationFacts]:
        """The operations that never answered with a success."""
        return [each for each in self.operations if not each.is_reached]

    def report(self) -> str:
        """All findings, then what was tried of each operation."""
        return "\n\n".join([*(each.message for each in self.findings), str(self)])

    def __str__(self) -> str:
        rate = f", {self.requests / self.seconds:.0f} a second" if self.seconds > 0 else ""
        sent = f"{some(self.requests, 'request')} to {some(len(self.operations), 'operation')}"
        lines = [f"{sent} in {self.seconds:.1f} s{rate}; seed {self.seed}"]
        lines += [f"ended early: {self.ended}"] if self.ended else []
        lines += [f"  {_line(each)}" for each in self.operations]
        lines += [f"no rows of {model}: {why}" for model, why in self.unmade.items()]
        lines += [f"{check} saw nothing: {why}" for check, why in self.unjudged.items()]
        lines += [f"seen once, and not when the server was given time: {each}" for each in self.unconfirmed]
        lines.append(_count(self))
        return "\n".join(lines)


@dataclass(frozen=True)
class ExploredOperation:
    """One operation of the API, as the fixture `explored_operation` gives it. name: ``POST /orders``."""

    name: str
    api: Any = field(repr=False)

    async def explore(self, **options: Any) -> Exploration:
        """`Kit.explore` of this operation alone. options: the others of `Kit.explore`."""
        found: Exploration = await self.api.kit.explore(self.api, operations=[self.name], **options)
        return found


def _line(facts: OperationFacts) -> str:
    statuses = ", ".join(f"{number} x {status}" for status, number in sorted(facts.statuses.items())) or "not sent"
    return f"{facts.operation}: {statuses}" + (f"; never a success: {facts.unreached}" if facts.unreached else "")


def _count(exploration: Exploration) -> str:
    known = f", {len(exploration.known)} known" if exploration.known else ""
    if not exploration.findings:
        return f"no findings{known}"
    names = dict.fromkeys(f"{each.check} {each.operation}" for each in exploration.findings)
    return f"{some(len(exploration.findings), 'finding')}{known}: {comma_join(names)}"
