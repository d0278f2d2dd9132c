"""`Trial`: what the phases of an exploration share: the operations, what was accepted so far, and the budget."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kailash_testkit.concurrency import clocks
from kailash_testkit.exploration import Exploration, Key
from kailash_testkit.explore import journeys
from kailash_testkit.explore.access import Identities
from kailash_testkit.explore.calls import Call, Script, as_object, steps_needed
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.options import Options
from kailash_testkit.explore.playing import Many, Player, Step
from kailash_testkit.explore.shrinking import Shrinker
from kailash_testkit.explore.subjects import Subject, Subjects
from kailash_testkit.explore.values import Values
from kailash_testkit.explore.verdicts import Verdicts
from kailash_testkit.explore.world import World
from kailash_testkit.judge.checks import Found
from kailash_testkit.judge.failpoints import PlannedRefusal

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit


class OverError(Exception):
    """The time or the number of requests is used up."""


def _plain(call: Call) -> Call | None:
    """The call with a plain value in place of the one at an edge; None where that is none of the body's own fields."""
    name, body = call.edge.partition(":")[0], as_object(call.body)
    if body is None or name not in body:
        return None
    held = body[name]
    plain: object = "plain" if isinstance(held, str) else 7 if type(held) in (int, float) else None
    return None if plain is None else replace(call, body={**body, name: plain}, edge="")


@dataclass
class Trial:
    """An exploration under way.

    readable: what a GET of the description reads, whether it is tried or not.
    accepted: by operation, the requests that led to its first success. refused: the steps that led to none.
    wrote: those that changed rows. found: what was found already, and where the application raised.
    unconfirmed: what a server at a URL did not show again, in words.
    """

    kit: Kit
    options: Options
    operations: Sequence[Operation]
    readable: Sequence[Operation]
    world: World
    subjects: Subjects
    values: Values
    player: Player
    verdicts: Verdicts
    shrinker: Shrinker
    identities: Identities
    result: Exploration
    started: float
    random: random.Random
    accepted: dict[str, Script] = field(default_factory=dict[str, Script])
    refused: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    wrote: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    found: set[tuple[Key, str]] = field(default_factory=set[tuple[Key, str]])
    unconfirmed: dict[Key, str] = field(default_factory=dict[Key, str])

    def require_time(self) -> None:
        """Raises `OverError` when the budget is used up."""
        if self.options.requests is not None and self.player.count >= self.options.requests:
            raise OverError(f"after {self.player.count} requests, as asked for")
        has_tried = self.player.count > len(self.operations)  # a busy machine can take all the time before that
        if has_tried and clocks.now() - self.started > self.options.seconds:
            raise OverError(f"after {self.options.seconds:g} s, as asked for")

    async def play(self, script: Script, *, many: Many | None = None) -> list[Step]:
        """Sends a series, and notes what is found in it. Raises `OverError`."""
        self.require_time()
        found: deque[tuple[int, Step, Found]] = deque()

        def judge(step: Step, before: Sequence[Step]) -> None:
            found.extend((len(before), step, each) for each in self.verdicts.on(step, before))

        steps = await self.player.play(script, judge, many=many)
        for place, step, each in found:
            await self.add(script[: place + 1], step, each, many=many)
        return steps

    async def add(
        self,
        script: Script,
        step: Step,
        found: Found,
        *,
        many: Many | None = None,
        plan: PlannedRefusal | None = None,
    ) -> None:
        """Something was found in the last call of a series. What was found before already is one with it."""
        script, step, found = await self._unless_plain(script, step, found)
        fault = self.verdicts.fault(step, found)
        if (fault.key, fault.place) in self.found:
            return
        self.found.add((fault.key, fault.place))  # at once: what is tried to make it small finds it again
        small = await self.shrinker.smallest(script, step, fault, many=many, plan=plan)
        if small is None:
            self.found.discard((fault.key, fault.place))
            self.unconfirmed.setdefault(fault.key, f"{fault.check} {fault.operation}")
            return
        if small.key == fault.key or (small.key, small.place) not in self.found:
            self.result.findings.append(small)
        self.found.add((small.key, small.place))

    async def _unless_plain(self, script: Script, step: Step, found: Found) -> tuple[Script, Step, Found]:
        """What is lost of a value at an edge may be lost of a plain one, too: then it is about the field."""
        plain = _plain(script[-1]) if found.check == "edge-not-kept" else None
        if plain is None:
            return script, step, found
        same: list[tuple[Step, Found]] = []

        def judge(step: Step, before: Sequence[Step]) -> None:
            if len(before) == len(script) - 1:
                same.extend((step, each) for each in self.verdicts.on(step, before) if each.check == "sent-not-stored")

        tried = (*script[:-1], plain)
        await self.player.play(tried, judge)
        return (tried, *same[0]) if same else (script, step, found)

    def say(self, what: str) -> None:
        """Tells who waits."""
        if self.options.progress is not None:
            found = f", {len(self.result.findings)} findings" if self.result.findings else ""
            self.options.progress(f"{what} ({self.player.count} requests{found})")

    def subject(self, operation: Operation) -> Subject | None:
        """What an operation is about."""
        return self.subjects.of(operation)

    def collections(self) -> dict[str, journeys.Collection]:
        """The operations on the rows of a path, as far as they were accepted."""
        return journeys.collections(self.operations, self.accepted, self.subject)

    def create_of(self, path: str) -> Script | None:
        """The request that creates a row of a collection, where it needs no other one before it."""
        script = self.accepted.get(f"POST {path}")
        return None if script is None or any(steps_needed(call) for call in script) else script
