"""`Sandbox`: one database under test, its journal, and the states that tests return to.

States are levels: the base state, in which the database was opened, then one for each wider fixture (or application
start-up) that wrote rows, outermost first. A test's own rows come after the last level; `settle` takes them back. Kits
of several DataFlow instances on one database share its sandbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from kailash_testkit.databases import Database
from kailash_testkit.databases.journal import Journal, Mark, RecordedChange, UndoReport
from kailash_testkit.databases.sessions import locked
from kailash_testkit.errors import DatabaseBusy, IsolationFailed, KitError
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.internals.dataflow_caches import refuse_shared_cache
from kailash_testkit.internals.dataflow_tables import refuse_models_on_own_tables
from kailash_testkit.isolation.changed_files import ChangedFiles
from kailash_testkit.isolation.forced_end import after_force
from kailash_testkit.isolation.instances import Instances
from kailash_testkit.isolation.levels import KEPT, Detached, Level, State, kept_apart, make_way, not_restored, take_out
from kailash_testkit.isolation.making_again import known_state, make_again
from kailash_testkit.isolation.recording import Recordings
from kailash_testkit.redaction import redact

Claim = Literal["own", "empty", "private"]
"""What a kit accepts: a database that it made; also one without rows; whatever is in its private database."""


class Sandbox:
    """One database under test. Made by `enter`, left by `leave` (`open_sandboxes`).

    verify: compare the whole database with the state it should be in after each test, and raise
    `IsolationFailed` on any difference. Its cost follows the size of the database.
    """

    def __init__(self, database: Database, *, verify: bool) -> None:
        self.database = database
        self.journal: Journal = database.journal()
        self._verify = verify
        self._owners_at_work = 0
        self.instances = Instances()
        self._levels: list[Level] = []
        self._detached: list[Detached] = []
        self._ended: list[object] = []
        self._returns = 0
        self._left: list[KitError] = []
        self._is_private = False
        self.recordings = Recordings(self.journal)
        self.changed_files = ChangedFiles(database)

    def open(self, dataflow: Any, claim: Claim) -> None:
        """Claims the database, makes the tables of all models registered so far, and installs the journal."""
        refuse_models_on_own_tables(dataflow)
        refuse_shared_cache(dataflow)
        if claim == "private":
            self._is_private = True
            self.database.mark_as_owned()
        else:
            self.database.claim(allow_existing=claim == "empty")
        dataflow_internals.create_tables(dataflow)
        self.journal.install()
        self._push("the base state")
        self.changed_files.forget()

    def close(self) -> None:
        """Closes the kit's connections."""
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

    def gaps(self) -> tuple[str, ...]:
        """Why `written` may not be all."""
        return self.journal.gaps(self._levels[-1].mark)

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
        if not self._owners_at_work:
            self.changed_files.note()
        self.recordings.pause()
        self._owners_at_work += 1
        return mark

    def finish(self, owner: object, started: Mark | None) -> None:
        """What was written since `begin` lives as long as ``owner``, until `end` is called for it."""
        self._owners_at_work -= 1
        if not self._owners_at_work:  # within another owner's set-up the rows are that owner's
            self.changed_files.forget()
            if started is not None and self.journal.gaps(started):
                self._push_below(owner, started)
            elif started is not None:
                self._detached.append(Detached(owner, self.journal.changes(started)))
            elif self.moved():
                self._push(owner)
        if started is not None:
            self.journal.release(started)
        self.recordings.resume()

    def _push_below(self, owner: object, started: Mark) -> None:
        """The owner changed the schema, which cannot be made again: the test's rows make way and come back."""
        with kept_apart(owner):
            tests = take_out(self.journal, self._levels[-1].mark, started)
        self._push(owner)
        self.journal.replay(tests)

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
        self.changed_files.forget()
        if not self.moved():
            return
        if self._detached:
            self._detached.insert(0, Detached(KEPT, self.written()))
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
        self._settle()

    def _settle(self) -> bool:
        """As `settle`. Whether it is sure that nobody's transaction is left open."""
        if not (self._ended or self._detached or self._verify or self.moved() or self.database.is_locked()):
            return True
        self._undo()
        self._end_levels()
        self._detached = [each for each in self._detached if each.owner not in self._ended and each.changes]
        self._ended.clear()
        while self._detached:
            self._replay(self._detached[0])
        self.recordings.interrupt()
        return False

    def end_test(self) -> None:
        """As `settle`, and so that the next test starts clean whatever happened.

        What keeps the database locked is ended by force. Raises `DatabaseBusy` all the same, which names it, and what
        an undo could not put back (`UndoReport.left`) once all else is.
        """
        try:
            if not self._settle() and self.database.is_locked():  # by one that was in nobody's way until now
                name = f"the database {redact(self.database.url)}"
                self._left.insert(0, locked(name, self.database.open_transactions()))
        except DatabaseBusy as busy:
            self._left.insert(0, busy)
        finally:
            left, self._left = self._left, []
        if left and (error := after_force(left, self.settle, self.end_transactions, self._left)) is not None:
            raise error from left[0]

    def end_transactions(self) -> list[str]:
        """Ends what holds locks in the database. Returns who that was, in words."""
        ended = self.database.end_transactions()
        self.instances.forget_transactions()
        return ended

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
                    self._detached[:0] = make_way(self.journal, self._levels, lowest, self._ended)
                    del self._levels[lowest:]
                    self._push(top.owner)
                    return
                self._detached.insert(0, Detached(top.owner, self.journal.changes(below)))
            self._levels.pop()
            self._undo()

    def _replay(self, detached: Detached) -> None:
        try:
            with kept_apart(detached.owner):
                self.journal.replay(detached.changes)
        except IsolationFailed:
            self._detached.remove(detached)  # reported once
            raise
        self._push(detached.owner)
        self._detached.remove(detached)

    def _undo(self) -> None:
        level = self._levels[-1]
        self._returns += 1
        if self._go_back(level.mark, level.proof).method == "saved state":
            self._remark()

    def _go_back(self, mark: Mark, proof: str | None = None) -> UndoReport:
        report = self.journal.undo(mark)
        self._left += report.left
        if proof is not None and not report.left and self.journal.fingerprint() != proof:
            raise not_restored()
        if report.method == "saved state":
            self.instances.create_tables()  # those that were made meanwhile went with the rest
            self.journal.refresh()
        self.instances.empty_caches()
        return report

    def make_again(self) -> None:
        """As `settle`, for a database whose journal is lost: it is made again as the levels say.

        Raises `IsolationFailed` where it is not the kit's to make again, and what a driver raises.
        """
        self._returns += 1
        make_again(self.database, self.journal, self._levels)
        self.instances.create_tables()
        self.instances.empty_caches()
        self.settle()

    def _push(self, owner: object) -> None:
        self._levels.append(self._level_of(owner, self._levels))

    def _remark(self) -> None:
        self._levels[-1] = self._level_of(self._levels[-1].owner, self._levels[:-1])

    def _level_of(self, owner: object, below: Sequence[Level]) -> Level:
        mark = self.journal.mark()
        known = known_state(self.journal, mark, below[-1].mark if below else None) if self._is_private else None
        return Level(owner, mark, known, self.journal.fingerprint() if self._verify else None)
