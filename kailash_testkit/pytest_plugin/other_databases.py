"""DataFlow instances at other databases than the test's: refused when they are used, unless they are allowed.

They may hold somebody's data, and nothing that is written there is undone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final, Literal

from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.redaction import redact

Policy = Literal["refuse", "allow"]

SETTING: Final = "testkit_other_databases"


class OtherDatabases:
    """Watches a session's DataFlow instances.

    is_ours: whether a URL names a database of the session.
    """

    def __init__(self, policy: Policy, is_ours: Callable[[str], bool]) -> None:
        self._policy = policy
        self._is_ours = is_ours
        self._stop: Callable[[], None] | None = None
        self._raised: list[UnsafeDatabase] = []
        self._suspended = False

    def start(self) -> None:
        """Watches from now on. Imports nothing."""
        if self._policy == "refuse":
            from kailash_testkit.internals import dataflow_instances

            self._stop = dataflow_instances.watch(self._made)

    def stop(self) -> None:
        """Watches no more. Idempotent."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    @contextlib.contextmanager
    def suspended(self) -> Generator[None, None, None]:
        """A block in which every instance may be used: the user's own fixture sets one up."""
        before, self._suspended = self._suspended, True
        try:
            yield
        finally:
            self._suspended = before

    def require_ours(self, dataflow: Any) -> None:
        """Raises `UnsafeDatabase` for an instance at another database, unless these are allowed."""
        from kailash_testkit.internals.dataflow import url_of

        if self._policy == "refuse" and not self._suspended and not self._is_ours(url_of(dataflow)):
            raise self._refusal(dataflow)

    def begin_test(self) -> None:
        """Forgets what earlier tests were refused."""
        self._raised.clear()

    def saw(self, error: BaseException | None) -> None:
        """A report shows this error: what it tells of need not be told again."""
        while error is not None and self._raised:
            if any(error is raised for raised in self._raised):
                self._raised.clear()
            error = error.__cause__ or error.__context__

    def end_test(self) -> None:
        """Raises the refusal that no report has shown: DataFlow or the application swallowed it."""
        raised, self._raised = self._raised[:1], []
        for error in raised:
            raise UnsafeDatabase(error.what, details=error.details, why=error.why, do=error.do)

    def _made(self, dataflow: Any) -> None:
        from kailash_testkit.internals import dataflow_instances
        from kailash_testkit.internals.dataflow import url_of

        if not self._is_ours(url_of(dataflow)):
            dataflow_instances.guard(dataflow, partial(self._used, dataflow))

    def _used(self, dataflow: Any) -> None:
        try:
            self.require_ours(dataflow)
        except UnsafeDatabase as refusal:
            self._raised.append(refusal)
            raise

    def _refusal(self, dataflow: Any) -> UnsafeDatabase:
        from kailash_testkit.internals.dataflow import url_of
        from kailash_testkit.internals.dataflow_instances import made_at

        place = made_at(dataflow)
        return UnsafeDatabase(
            f"a DataFlow instance connects to {redact(url_of(dataflow))}, which is not a test database",
            details=[f"it was made at {place}"] if place else [],
            why="it may hold somebody's data, and what is written to it would not be undone",
            do="give it a test database: name the instance in testkit_dataflow, after the first, and the variable that "
            f"it reads its URL from in testkit_url_env; or let tests use it as it is: {SETTING} = allow",
        )
