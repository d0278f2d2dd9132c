"""The DataFlow instances that are made in a session: at a test database, or at another one.

One at a test database gets a kit before it is used, whoever uses it. One at another is refused when it is used, unless
that is allowed: it may hold somebody's data, and nothing that is written there is undone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final, Literal
from weakref import WeakSet

from kailash_testkit.errors import KitError, UnsafeDatabase
from kailash_testkit.pytest_plugin.url_changes import UrlChanges
from kailash_testkit.redaction import redact

Policy = Literal["refuse", "allow"]

SETTING: Final = "testkit_other_databases"


class OtherDatabases:
    """Watches a session's DataFlow instances.

    is_ours: whether a URL names a database of the session. is_private: whether it names one that the kit made for
    it. first_use: called before an instance at such a one is used without a kit.
    """

    def __init__(
        self,
        policy: Policy,
        changes: UrlChanges,
        *,
        is_ours: Callable[[str], bool],
        is_private: Callable[[str], bool],
        first_use: Callable[[Any], None],
    ) -> None:
        self._policy = policy
        self._changes = changes
        self._is_ours = is_ours
        self._is_private = is_private
        self._first_use = first_use
        self._stop: Callable[[], None] | None = None
        self._raised: list[KitError] = []
        self._suspended = False
        self._unopened: WeakSet[Any] = WeakSet()

    def start(self) -> None:
        """Watches from now on. Imports nothing."""
        from kailash_testkit.internals import dataflow_instances

        self._stop = dataflow_instances.watch(self.made)

    def unopened(self) -> list[Any]:
        """The instances at test databases that are there and have no kit."""
        return [*self._unopened]

    def opened(self, dataflow: Any) -> None:
        """An instance got a kit."""
        self._unopened.discard(dataflow)

    def stop(self) -> None:
        """Watches no more. Idempotent."""
        if self._stop is not None:
            from kailash_testkit.internals.dataflow_instances import unguard

            self._stop()
            self._stop = None
            for dataflow in self.unopened():
                unguard(dataflow)

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
            raise error.with_traceback(None)

    def made(self, dataflow: Any) -> None:
        """An instance was made, or lost its kit."""
        from kailash_testkit.internals import dataflow_instances
        from kailash_testkit.internals.dataflow import url_of

        url = url_of(dataflow)
        if self._is_private(url):
            self._unopened.add(dataflow)
            dataflow_instances.guard(dataflow, partial(self._checked, self._first_use, dataflow))
        elif self._policy == "refuse" and not self._is_ours(url):
            dataflow_instances.guard(dataflow, partial(self._checked, self.require_ours, dataflow))

    def _checked(self, check: Callable[[Any], None], dataflow: Any) -> None:
        try:
            check(dataflow)
        except KitError as error:
            self._raised.append(error)
            raise

    def _refusal(self, dataflow: Any) -> UnsafeDatabase:
        from kailash_testkit.internals.dataflow import url_of
        from kailash_testkit.internals.dataflow_instances import made_at

        refusal = self._changes.refusal_of(url_of(dataflow))
        if refusal is not None:
            return refusal
        place = made_at(dataflow)
        return UnsafeDatabase(
            f"a DataFlow instance connects to {redact(url_of(dataflow))}, which is not a test database",
            details=[f"it was made at {place}"] if place else [],
            why="it may hold somebody's data, and what is written to it would not be undone",
            do="give it a test database: name the instance in testkit_dataflow, after the first, and the variable that "
            f"it reads its URL from in testkit_url_env; or let tests use it as it is: {SETTING} = allow",
        )
