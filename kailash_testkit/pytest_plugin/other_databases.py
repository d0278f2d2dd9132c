"""The DataFlow instances that are made in a session: at a test database, or at another one.

One at a test database gets a kit before it is used, whoever uses it. One at another is refused when it is used, unless
that is allowed: it may hold somebody's data, and nothing that is written there is undone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any, Final, Literal
from weakref import WeakSet

from kailash_testkit.errors import KitError, UnsafeDatabase
from kailash_testkit.pytest_plugin.url_changes import UrlChanges
from kailash_testkit.redaction import redact

Policy = Literal["refuse", "allow"]

SETTING: Final = "testkit_other_databases"
_GIVE: Final = (
    "give it a test database: name the instance in testkit_dataflow, after the first, and the variable that it reads "
    "its URL from in testkit_url_env"
)
_GIVE_BOTH: Final = (
    "give it its test database for both: name the variable that it reads this URL from in testkit_url_env, with the "
    "other one (A+B)"
)


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

        self._stop = dataflow_instances.watch(self._used, self.made)

    def stop(self) -> None:
        """Watches no more. Idempotent."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def unopened(self) -> list[Any]:
        """The instances at test databases that are there and have no kit."""
        return [*self._unopened]

    def made(self, dataflow: Any) -> None:
        """An instance was made, or lost its kit."""
        from kailash_testkit.internals.dataflow import url_of

        if self._is_private(url_of(dataflow)):
            self._unopened.add(dataflow)

    def gets_kit(self, dataflow: Any) -> None:
        """A kit for an instance is being opened, which may use it."""
        self._unopened.discard(dataflow)

    @contextlib.contextmanager
    def suspended(self) -> Generator[None, None, None]:
        """A block in which every instance may be used: the user's own fixture sets one up."""
        before, self._suspended = self._suspended, True
        try:
            yield
        finally:
            self._suspended = before

    def require_ours(self, dataflow: Any, *, with_sources: bool = False) -> None:
        """Raises `UnsafeDatabase` for an instance that connects to another database, unless these are allowed.

        with_sources: also to one that it has as an external source.
        """
        from kailash_testkit.internals.dataflow_instances import unchosen_urls

        if self._policy == "refuse" and not self._suspended:
            urls = unchosen_urls(dataflow, with_sources=with_sources)
            others = sorted((url for url in urls if not self._is_ours(url)), key=_is_in_memory)
            if others:
                raise self._refusal(dataflow, others[0])

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

    def _used(self, dataflow: Any, opens_sources: bool) -> None:
        try:
            if dataflow in self._unopened:
                self._first_use(dataflow)
            self.require_ours(dataflow, with_sources=opens_sources)
        except KitError as error:
            self._raised.append(error)
            raise

    def _refusal(self, dataflow: Any, url: str) -> UnsafeDatabase:
        from kailash_testkit.internals.dataflow import url_of
        from kailash_testkit.internals.dataflow_instances import made_at

        refusal = self._changes.refusal_of(url)
        if refusal is not None:
            return refusal
        nodes, place = url_of(dataflow), made_at(dataflow)
        is_its_database = url == nodes
        return UnsafeDatabase(
            f"a DataFlow instance connects to {redact(url)}, which is not a test database",
            details=([] if is_its_database else [f"its nodes use {redact(nodes)}"])
            + ([f"it was made at {place}"] if place else []),
            why="it may hold somebody's data, and what is written to it would not be undone",
            do=f"{_GIVE if is_its_database else _GIVE_BOTH}; or let tests use it as it is: {SETTING} = allow",
        )


def _is_in_memory(url: str) -> bool:
    """Another database of the same instance is worth more words."""
    return ":memory:" in url
