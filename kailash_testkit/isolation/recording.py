"""What the journal records within one block, without what wider owners wrote meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from kailash_testkit.databases.journal import Journal, Mark, RecordedChange

RESET: Final = "the database was reset within the block; what had happened until then is not known"


class Recording:
    """The changes between `start` and `stop`.

    What happens between `pause` and `resume` is left out.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._since: Mark | None = None
        self._earlier: list[RecordedChange] = []
        self._gaps: tuple[str, ...] = ()

    def start(self) -> None:
        """Begins, without what was recorded before."""
        self._earlier, self._gaps = [], ()
        self._since = self._journal.mark()

    def so_far(self) -> tuple[list[RecordedChange], tuple[str, ...]]:
        """What was recorded, and why that may not be everything (see `Journal.gaps`)."""
        if self._since is None:
            return self._earlier, self._gaps
        gaps = (*self._gaps, *self._journal.gaps(self._since))
        return [*self._earlier, *self._journal.changes(self._since)], tuple(dict.fromkeys(gaps))

    def pause(self) -> None:
        """What happens until `resume` does not count."""
        self._earlier, self._gaps = self.so_far()
        self.stop()

    def stop(self) -> None:
        """Nothing more is recorded, and what was is forgotten."""
        if self._since is not None:
            self._journal.release(self._since)
            self._since = None

    def resume(self) -> None:
        """From now on changes count again."""
        if self._since is None:
            self._since = self._journal.mark()

    def interrupted(self) -> None:
        """The database went back to an enclosing state, and so ended this recording's mark."""
        self._earlier, self._gaps = [], (RESET,)
        self._since = self._journal.mark()


class Recordings:
    """All recordings that run on a journal.

    Paused, they leave out what belongs to somebody else: the application's start-up, a fixture of
    wider scope that is set up within a block, tables of models that are registered late.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: list[Recording] = []
        self._pauses = 0

    @contextmanager
    def open(self) -> Generator[Recording, None, None]:
        """A recording of the block."""
        recording = Recording(self._journal)
        recording.start()
        self._running.append(recording)
        try:
            yield recording
        finally:
            self._running.remove(recording)
            recording.stop()

    @contextmanager
    def paused(self) -> Generator[None, None, None]:
        """What happens in the block does not count."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def pause(self) -> None:
        """As `paused`, until `resume`; they may be nested."""
        self._pauses += 1
        if self._pauses == 1:
            for recording in self._running:
                recording.pause()

    def resume(self) -> None:
        """Ends a pause."""
        self._pauses -= 1
        if not self._pauses:
            for recording in self._running:
                recording.resume()

    def interrupt(self) -> None:
        """The database went back to an enclosing state."""
        for recording in self._running:
            recording.interrupted()
