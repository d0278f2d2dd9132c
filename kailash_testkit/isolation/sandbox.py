"""`Sandbox`: one database under test, its journal, and the states that tests return to.

States are levels: the base state, in which the database was opened, then one for each wider fixture (or application
start-up) that wrote rows, outermost first. A test's own rows come after the last level; `settle` takes them back. Kits
of several DataFlow instances on one database share its sandbox.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from kailash_testkit.databases import Database, open_database
from kailash_testkit.databases.journal import Journal, Mark, RecordedChange, UndoReport
from kailash_testkit.errors import DatabaseBusy, IsolationFailed, KitError
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.internals.dataflow_instances import choose
from kailash_testkit.internals.dataflow_tables import refuse_models_on_own_tables
from kailash_testkit.isolation.recording import Recordings

Claim = Literal["own", "empty", "private"]
"""What a kit accepts: a database that it made; also one without rows; whatever is in its private database."""

KEPT: Final = "a test that keeps its rows"
"""The owner of rows that stay for good."""

_sandboxes: dict[str, Sandbox] = {}


@dataclass
class _Level:
    """A state to return to: that in which ``owner`` left the database. proof: its fingerprint, if asked for."""

    owner: object
    mark: Mark
    proof: str | None = None


@dataclass
class _Detached:
    """Rows of a wider owner that are to become a level of their own: written again once the others' are gone."""

    owner: object
    changes: list[RecordedChange]


@dataclass(frozen=True)
class State:
    """A state within a test. returns: how often the sandbox had gone back to a level until then."""

    mark: Mark
    returns: int


class Sandbox:
    """One database under test. Made by `enter`, left by `leave`.

    verify: compare the whole database with the state it should be in after each test, and raise
    `IsolationFailed` on any difference. Its cost follows the size of the database.
    """

    def __init__(self, database: Database, *, verify: bool) -> None:
        self.database = database
        self.journal: Journal = database.journal()
        self._verify = verify
        self._owners_at_work = 0
        self._dataflows: list[Any] = []
        self._levels: list[_Level] = []
        self._detached: list[_Detached] = []
        self._ended: list[object] = []
        self._returns = 0
        self._left: list[KitError] = []
        self.recordings = Recordings(self.journal)

    @classmethod
    def enter(cls, dataflow: Any, claim: Claim, *, verify: bool) -> Sandbox:
        """The sandbox of the instance's database, opened if no other kit has it open.

        Claims the database, makes the tables of all models registered so far, and installs the journal.
        """
        database = open_database(dataflow_internals.url_of(dataflow))
        choose(dataflow)  # whoever enters has chosen the instance, and the claim judges its database
        sandbox = _sandboxes.get(database.identity)
        if sandbox is None:
            sandbox = cls(database, verify=verify)
            try:
                refuse_models_on_own_tables(dataflow)
                if claim == "private":
                    sandbox.database.mark_as_owned()
                else:
                    sandbox.database.claim(allow_existing=claim == "empty")
                dataflow_internals.create_tables(dataflow)
                sandbox.journal.install()
                sandbox._push("the base state")
            except BaseException:
                sandbox._close()
                raise
            _sandboxes[database.identity] = sandbox
        else:
            database.close()
            sandbox.add_tables(dataflow)
        sandbox._dataflows.append(dataflow)
        return sandbox

    def leave(self, dataflow: Any) -> None:
        """A kit is done; with the last one the kit's connection to the database is closed."""
        index = next(index for index, other in enumerate(self._dataflows) if other is dataflow)
        del self._dataflows[index]  # one of possibly several kits on that instance
        if not self._dataflows:
            _sandboxes.pop(self.database.identity, None)
            self._close()

    def _close(self) -> None:
        self.journal.close()
        self.database.close()

    def moved(self) -> bool:
        """Whether anything may have changed since the last level; a few microseconds."""
        return self.journal.moved(self._levels[-1].mark)

    def position(self) -> int | None:
        """The journal's present position; None while an open transaction hides it."""
        try:
            return self.journal.head()
        except DatabaseBusy:
            return None

    def history(self) -> tuple[list[RecordedChange], tuple[str, ...]]:
        """All changes that led from the base state to the present rows, and why that may not be all."""
        base = self._levels[0].mark
        return self.journal.changes(base), self.journal.gaps(base)

    def written(self) -> list[RecordedChange]:
        """What was written since the innermost level, without the rows of wider owners that are set apart."""
        others = {change.seq for detached in self._detached for change in detached.changes}
        return [change for change in self.journal.changes(self._levels[-1].mark) if change.seq not in others]

    def add_tables(self, dataflow: Any) -> None:
        """Makes the tables of models that were registered late."""
        refuse_models_on_own_tables(dataflow)
        clean = not self.moved()
        with self.recordings.paused():
            dataflow_internals.create_tables(dataflow)
            self.journal.refresh()
            if clean:
                self._remark()

    # --- wider owners ----------------------------------------------------------------------------

    def begin(self, *, opened_meanwhile: bool = False) -> Mark | None:
        """Before a wider owner may write rows; give the result to `finish`.

        opened_meanwhile: the owner itself opened the database, so all rows are its own.
        """
        mark = self.journal.mark() if not opened_meanwhile and self.moved() else None
        self.recordings.pause()
        self._owners_at_work += 1
        return mark

    def finish(self, owner: object, started: Mark | None) -> None:
        """What was written since `begin` lives as long as ``owner``, until `end` is called for it."""
        self._owners_at_work -= 1
        if not self._owners_at_work:  # within another owner's set-up the rows are that owner's
            if started is not None and self.journal.gaps(started):
                self._push_below(owner, started)
            elif started is not None:
                self._detached.append(_Detached(owner, self.journal.changes(started)))
            elif self.moved():
                self._push(owner)
        if started is not None:
            self.journal.release(started)
        self.recordings.resume()

    def _push_below(self, owner: object, started: Mark) -> None:
        """The owner changed the schema, which cannot be made again: the test's rows make way and come back."""
        with _kept_apart(owner):
            tests = self._take_out(self._levels[-1].mark, started)
        self._push(owner)
        self.journal.replay(tests)

    def _between(self, since: Mark, until: Mark) -> list[RecordedChange]:
        later = {change.seq for change in self.journal.changes(until)}
        return [change for change in self.journal.changes(since) if change.seq not in later]

    def _take_out(self, since: Mark, until: Mark) -> list[RecordedChange]:
        """Takes back what was written between two marks, and leaves what came later."""
        changes = self._between(since, until)
        self.journal.replay([change.inverse() for change in reversed(changes)])
        return changes

    def adopt(self, owner: object) -> None:
        """The owner wrote rows before the database was opened: all rows are its own."""
        base = self.journal.mark()
        self.database.empty()
        rows = [change.inverse() for change in reversed(self.journal.changes(base))]
        self._remark()
        self.journal.replay(rows)
        self._push(owner)

    def keep(self) -> None:
        """What was written since the last level stays for good."""
        if not self.moved():
            return
        if self._detached:
            others = {change.seq for detached in self._detached for change in detached.changes}
            since = self.journal.changes(self._levels[-1].mark)
            own = [change for change in since if change.seq not in others]
            self._detached.insert(0, _Detached(KEPT, own))
        elif self._levels[-1].owner == KEPT:
            self._remark()
        else:
            self._push(KEPT)

    def end(self, owner: object) -> None:
        """``owner`` is gone; `settle` takes back what it wrote."""
        self._ended.append(owner)

    @property
    def has_ended_owners(self) -> bool:
        """Whether `settle` has rows of ended owners to take back."""
        return bool(self._ended)

    # --- going back ------------------------------------------------------------------------------

    def settle(self) -> None:
        """Back to the innermost level whose owner lives: what the test and ended owners wrote is gone.

        Raises `DatabaseBusy` when somebody holds a lock; it can be called again later.
        """
        if not (self._ended or self._detached or self._verify or self.moved() or self.database.is_locked()):
            return
        self._undo()
        self._end_levels()
        self._detached = [each for each in self._detached if each.owner not in self._ended and each.changes]
        self._ended.clear()
        while self._detached:
            self._replay(self._detached[0])
        self.recordings.interrupt()

    def end_test(self) -> None:
        """As `settle`, and so that the next test starts clean whatever happened.

        What keeps the database locked is ended by force. Raises `DatabaseBusy` all the same, which names it, and what
        an undo could not put back (`UndoReport.left`) once all else is.
        """
        try:
            self.settle()
        except DatabaseBusy as busy:
            self._left.insert(0, busy)
        finally:
            left, self._left = self._left, []
        if not left:
            return
        first, *others = left
        details = list(first.details)
        if isinstance(first, DatabaseBusy):
            details = self.database.end_transactions() or details
            self.settle()
        details += [f"also: {other.what}" for other in others]
        raise type(first)(first.what, details=details, why=first.why, do=first.do) from first

    def state(self) -> State:
        """The present state within the test, for `return_to`."""
        return State(self.journal.mark(), self._returns)

    def return_to(self, state: State) -> bool:
        """Back to a state within the test, whose rows stay. False when that state is gone: a reset went below it.

        Raises `DatabaseBusy` as `settle` does.
        """
        if state.returns != self._returns:
            return False
        if self.journal.moved(state.mark) or self.database.is_locked():
            report = self._go_back(state.mark)
            self.recordings.interrupt()
            return report.method != "saved state"
        return True

    def _end_levels(self) -> None:
        """Takes off the levels of ended owners; those above them come off as well, to be written again."""
        lowest = next((n for n, level in enumerate(self._levels) if level.owner in self._ended), None)
        while lowest is not None and len(self._levels) > lowest:
            top, below = self._levels[-1], self._levels[-2].mark
            if top.owner not in self._ended:
                if self.journal.gaps(below):
                    self._end_levels_below_schema_change(lowest)
                    return
                self._detached.insert(0, _Detached(top.owner, self.journal.changes(below)))
            self._levels.pop()
            self._undo()

    def _end_levels_below_schema_change(self, lowest: int) -> None:
        """The top level changed the schema, which cannot be made again: what is below it makes way instead."""
        top, levels = self._levels[-1], self._levels
        kept = [
            _Detached(levels[index].owner, self._between(levels[index - 1].mark, levels[index].mark))
            for index in range(lowest, len(levels) - 1)
            if levels[index].owner not in self._ended
        ]
        with _kept_apart(top.owner):
            self._take_out(levels[lowest - 1].mark, levels[-2].mark)
        self._detached[:0] = kept
        del levels[lowest:]
        self._push(top.owner)

    def _replay(self, detached: _Detached) -> None:
        try:
            with _kept_apart(detached.owner):
                self.journal.replay(detached.changes)
        except IsolationFailed:
            self._detached.remove(detached)  # reported once
            raise
        self._push(detached.owner)
        self._detached.remove(detached)

    def _undo(self) -> None:
        level = self._levels[-1]
        self._returns += 1
        report = self._go_back(level.mark, level.proof)
        if report.method == "saved state":
            self._remark()

    def _go_back(self, mark: Mark, proof: str | None = None) -> UndoReport:
        report = self.journal.undo(mark)
        self._left += report.left
        if proof is not None and not report.left and self.journal.fingerprint() != proof:
            raise IsolationFailed(
                "an undo did not restore the database exactly",
                why="its fingerprint differs from that of the state to return to",
                do="please report this, with the statements that the test ran",
            )
        if report.method == "saved state":
            # Tables made meanwhile went with the rest; DataFlow believes that they are there.
            for dataflow in self._dataflows:
                dataflow_internals.create_tables(dataflow)
            self.journal.refresh()
        for dataflow in self._dataflows:
            dataflow_internals.empty_caches(dataflow)
        return report

    def _push(self, owner: object) -> None:
        self._levels.append(_Level(owner, self.journal.mark(), self._proof()))

    def _remark(self) -> None:
        level = self._levels[-1]
        self._levels[-1] = _Level(level.owner, self.journal.mark(), self._proof())

    def _proof(self) -> str | None:
        return self.journal.fingerprint() if self._verify else None


@contextmanager
def _kept_apart(owner: object) -> Generator[None, None, None]:
    try:
        yield
    except DatabaseBusy:
        raise
    except Exception as error:  # whatever the database says to a change that does not fit
        raise IsolationFailed(
            f"the rows that {owner} wrote cannot be kept apart from a test's",
            why=f"they were written after the test's own rows and depend on them: {error}",
            do="let the test request the fixture as an argument, so that it is set up first",
        ) from error
