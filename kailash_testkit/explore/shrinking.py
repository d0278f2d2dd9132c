"""Makes what was found small: fewer requests, smaller bodies, fewer rows, as long as it is found again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from kailash_testkit.databases.journal import RecordedChange
from kailash_testkit.exploration import Fault
from kailash_testkit.explore.asserting import Reproduction, source_of
from kailash_testkit.explore.calls import Made, Script, as_json, steps_needed
from kailash_testkit.explore.options import Options
from kailash_testkit.explore.playing import PATIENCE, REFUSED_SECONDS, Many, Player, Step, unjudged
from kailash_testkit.explore.reproducing import test_of
from kailash_testkit.explore.smaller import has_required, smaller
from kailash_testkit.explore.verdicts import Verdicts, request_of
from kailash_testkit.judge.checks import Found
from kailash_testkit.judge.failpoints import PlannedRefusal, planned, refused
from kailash_testkit.models.rows import Row, jsonable

_MOST_PLAYS: Final = 60
_MOST_FOR_ROWS: Final = 24


@dataclass(frozen=True)
class _Case:
    """What is to be found again. many: with these rows beside. plan: while this write is refused."""

    fault: Fault
    many: Many | None
    plan: PlannedRefusal | None


@dataclass
class Shrinker:
    """Finds a fault again with less. login_rows: those that were there before the kit stored its own."""

    player: Player
    verdicts: Verdicts
    options: Options
    login_rows: Sequence[RecordedChange]
    _plays: int = 0
    _seen: set[str] = field(default_factory=set[str])

    async def smallest(
        self, script: Script, step: Step, fault: Fault, *, many: Many | None = None, plan: PlannedRefusal | None = None
    ) -> Fault | None:
        """The fault as the smallest series shows it that could be found, with a test.

        None where a server at a URL does not show it again when it is given time: something that it still did, such as
        a background task of the request before, may have been taken for the request's.
        """
        self._plays = 0
        self._seen = set()
        case = _Case(fault, many, plan)
        self.player.waits = True
        try:
            if self.player.is_elsewhere:
                await asyncio.sleep(PATIENCE)  # what the requests before it left running
                if await self._again(script, case) is None:
                    return None
            return await self._smallest(script, step, case)
        finally:
            self.player.waits = False

    async def _smallest(self, script: Script, step: Step, case: _Case) -> Fault:
        fault, many, plan = case.fault, case.many, case.plan
        steps: Sequence[Step] = (step,)
        found = fault
        script, case = await self._with_less(script, case)
        rows = await self._rows(script, case)
        shown = await self._again(script, case)
        if shown is not None:
            found, steps = shown
        if plan is not None:
            steps = await self.player.play(script, unjudged)
        world = await self._own_rows(rows)
        document = self.verdicts.operations[script[-1].operation].document
        source = source_of(self.player.clients["user"].app, self.options.schema, document, script[-1])
        reproduction = Reproduction(found, script, steps, world, many, plan, self.options, source)
        return replace(
            found,
            before=tuple(request_of(each) for each in steps[:-1]),
            rows=tuple(repr(row) for row in world),
            test=test_of(reproduction),
            script=tuple(as_json(call) for call in script),
        )

    # --- again ----------------------------------------------------------------------------------

    async def plans(self, script: Script) -> list[PlannedRefusal]:
        """The writes of the last request of a series that can be refused, each in each way."""
        kit = self.player.kit
        steps = await self.player.play(script, unjudged)
        recorded = [change for step in steps for change in step.case.recorded]
        models, allowed = kit.store.models_by_table(), self.options.allowances()
        return [*planned([steps[-1].case], recorded, models, [*kit.database.ways_to_fail], allowed)]

    async def refused(
        self, script: Script, plan: PlannedRefusal, patience: float = REFUSED_SECONDS
    ) -> tuple[Step, list[Found]]:
        """The last step of a series while a write is refused, and what is wrong with it."""
        allowed = self.options.allowances()
        steps = await self.player.play(script, unjudged, refused=plan.failpoint, patience=patience)
        last = steps[-1]
        happened = not plan.counted(change for step in steps for change in step.case.recorded)
        if happened and last.is_success:
            return last, []
        found = refused(last.case, plan, allowed, is_locked=last.is_locked)
        return last, [each for each in found if self.verdicts.is_wanted(each, last)]

    async def _again(self, script: Script, case: _Case) -> tuple[Fault, Sequence[Step]] | None:
        """The fault as the last step of a series shows it; None where it does not."""
        shown: list[Fault] = []
        if case.plan is not None:
            last, found = await self.refused(script, case.plan)
            shown.extend(self._same(found, last, case.fault))
            return (shown[0], (last,)) if shown else None

        def judge(step: Step, before: Sequence[Step]) -> None:
            if len(before) == len(script) - 1:
                shown.extend(self._same(self.verdicts.on(step, before), step, case.fault))

        steps = await self.player.play(script, judge, many=case.many)
        are_made = all(steps[place].made is not None for call in script for place in steps_needed(call))
        return (shown[0], steps) if shown and are_made else None

    def _same(self, found: Sequence[Found], step: Step, fault: Fault) -> Iterator[Fault]:
        """Those that are the fault; it may be about fewer models."""
        for each in found:
            is_part = set(each.models) <= set(fault.models) and bool(each.models) == bool(fault.models)
            if each.check == fault.check and step.operation == fault.operation and is_part:
                again = self.verdicts.fault(step, each)
                if again.place == fault.place:
                    yield again

    # --- requests -------------------------------------------------------------------------------

    async def _with_less(self, script: Script, case: _Case) -> tuple[Script, _Case]:
        """The smallest series that was found; the case as it is for that one."""
        best: Script = tuple(script)
        most = _MOST_PLAYS if case.fault.check != "failpoint-hung" else 0  # each takes seconds
        is_smaller = True
        while is_smaller and self._plays < most:
            is_smaller = False
            for candidate in smaller(best):
                held = await self._held(candidate, case, most) if self._is_allowed(candidate) else None
                if held is not None:
                    best, case, is_smaller = candidate, held, True
                    break
        return best, case

    async def _held(self, script: Script, case: _Case, most: int) -> _Case | None:
        """The case for a series that shows the fault, too; None for one that does not, or was tried."""
        if self._plays >= most or repr(script) in self._seen:
            return None
        self._plays += 1
        self._seen.add(repr(script))
        if case.plan is not None:
            same = [each for each in await self.plans(script) if each.key == case.plan.key]
            if not same:
                return None
            case = replace(case, plan=same[0])  # fewer writes may be before it
        return case if await self._again(script, case) is not None else None

    def _is_allowed(self, script: Script) -> bool:
        """Whether the requests still have what the description requires."""
        for call in script:
            operation = self.verdicts.operations[call.operation]
            if any(each.name not in call.query for each in operation.parameters_in("query") if each.required):
                return False
            if operation.body is not None and not has_required(operation, operation.body, call.body):
                return False
        return True

    # --- rows -----------------------------------------------------------------------------------

    async def _rows(self, script: Script, case: _Case) -> Sequence[RecordedChange]:
        """The rows that must be there; whatever was there before the kit stored its own stays."""
        whole = [*self.player.world()]
        kept = {change.seq for change in self.login_rows}
        own = [change for change in whole if change.seq not in kept]
        best = own
        most = _MOST_FOR_ROWS if case.fault.check != "failpoint-hung" else 0  # each takes seconds
        began = self._plays
        named = _named(script)
        options = [[], [change for change in own if named & _ids(change)]]
        try:
            for option in options:
                if await self._holds_from(option, script, case):
                    best = option
                    break
            for change in reversed([*best]):
                if self._plays - began >= most:
                    break
                fewer = [each for each in best if each is not change]
                if await self._holds_from(fewer, script, case):
                    best = fewer
        finally:
            self.player.start_from(whole)
        return best

    async def _holds_from(self, rows: Sequence[RecordedChange], script: Script, case: _Case) -> bool:
        self._plays += 1
        try:
            self.player.start_from([*self.login_rows, *rows])
        except Exception:  # rows that belong together by a foreign key
            return False
        return await self._again(script, case) is not None

    async def _own_rows(self, rows: Sequence[RecordedChange]) -> list[Row]:
        models = self.player.kit.store.models_by_table()
        kept = {change.seq for change in self.login_rows}
        return [
            Row.decoded(models[change.table], change.after)
            for change in rows
            if change.kind == "insert"
            and change.after is not None
            and change.table in models
            and change.seq not in kept
        ]


def _ids(change: RecordedChange) -> set[str]:
    return {str(jsonable(value)) for value in change.new_key}


def _named(script: Script) -> set[str]:
    """All plain values of a series, as text."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for each in cast("dict[str, object]", value).values():
                walk(each)
        elif isinstance(value, list):
            for each in cast("list[object]", value):
                walk(each)
        elif not isinstance(value, Made):
            found.add(str(value))

    for call in script:
        walk(dict(call.path_parameters))
        walk(dict(call.query))
        walk(call.body)
    return found
