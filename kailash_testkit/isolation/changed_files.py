"""Files beside the database that a test changed through it, as by SQLite's ATTACH: named, and left as they are."""

from __future__ import annotations

from kailash_testkit.concurrency import clocks
from kailash_testkit.databases import Database


class ChangedFiles:
    """Those that a test changed, and none that a wider owner changed meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since = clocks.now()
        self._of_test: dict[str, None] = {}

    def note(self) -> None:
        """What was changed until now, the test changed."""
        self._of_test |= dict.fromkeys(self._database.changed_files(self._since))

    def forget(self) -> None:
        """What was changed since it was last noted, a wider owner changed."""
        self._database.changed_files(self._since)

    def end_test(self) -> list[str]:
        """A line for each file that the test changed."""
        self.note()
        found, self._of_test, self._since = self._of_test, {}, clocks.now()
        return [
            f"{path}, attached to the test database, was changed during the test, and a later test finds it so: "
            "only the test database is put back. Let the test attach a file in its tmp_path, or put that one back; "
            "or say that it may stay so: filterwarnings = ignore:.*attached to the test database"
            for path in found
        ]
