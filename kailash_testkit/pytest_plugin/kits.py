"""The kits of one pytest session: which are open, for which definition of `testkit_dataflow`, and when they close."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from kailash_testkit.databases.urls import same_database
from kailash_testkit.errors import DatabaseBusy, KitError
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases

if TYPE_CHECKING:
    from kailash_testkit.isolation.sandbox import Sandbox
    from kailash_testkit.kit import Kit


class Kits:
    """Opens and closes kits.

    database: the session's private databases. verify: as for `Kit`. limits_are_errors: whether a test fails
    when a default limit cut a list. load_app: registers late models. on_open, on_close:
    called with an instance that is about to get a kit, or has none any more.
    """

    def __init__(
        self,
        database: PrivateDatabases,
        *,
        verify: bool,
        limits_are_errors: bool,
        load_app: Callable[[], None],
        on_open: Callable[[Any], None],
        on_close: Callable[[Any], None],
    ) -> None:
        self._database = database
        self._verify = verify
        self._limits_are_errors = limits_are_errors
        self._load_app = load_app
        self._on_open = on_open
        self._on_close = on_close
        self.configure: list[Callable[[Kit], object]] = []
        """Called with each kit before it is opened."""
        self.opened: list[Kit] = []
        self.late: list[Kit] = []
        """Those that were opened by a test that may have written rows before."""
        self._by_definition: dict[Any, Kit] = {}
        self._failures: WeakKeyDictionary[Any, KitError] = WeakKeyDictionary()
        self._models: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._lock = threading.RLock()  # a request of the application may be the first to use its database

    def sandboxes(self) -> list[Sandbox]:
        """The databases of the open kits, each once."""
        return list({id(kit.sandbox): kit.sandbox for kit in self.opened}.values())

    def of(self, definition: Any) -> Kit | None:
        """The kit of the instance that a definition of `testkit_dataflow` gave; None before it did."""
        return self._by_definition.get(definition)

    def has(self, dataflow: Any) -> bool:
        """Whether the kit of an instance is open."""
        return any(kit.dataflow is dataflow for kit in self.opened)

    def is_at(self, url: str) -> bool:
        """Whether an open kit works on the database of a URL."""
        return any(same_database(url, kit.database.url) for kit in self.opened)

    def open(self, dataflow: Any, *, may_have_written: bool) -> Kit:
        """The kit of an instance, which is opened if need be. Raises `KitError`, each time the same.

        may_have_written: a test runs, and what is in the database of an instance without a kit is that test's.
        """
        with self._lock:
            found = next((kit for kit in self.opened if kit.dataflow is dataflow), None)
            if found is not None:
                return found
            if dataflow in self._failures:
                raise self._failures[dataflow].with_traceback(None)
            try:
                return self._open(dataflow, may_have_written)
            except DatabaseBusy:
                self._on_close(dataflow)  # it may be tried again
                raise
            except KitError as error:
                self._failures[dataflow] = error
                raise

    def _open(self, dataflow: Any, may_have_written: bool) -> Kit:
        from kailash_testkit.internals.dataflow import url_of
        from kailash_testkit.kit import Kit

        url = url_of(dataflow)
        if not self._database.is_at(url):
            kit = Kit(dataflow, verify=self._verify)
            is_late = False
        else:
            self._database.make()
            is_late = may_have_written and not self.is_at(url) and self._database.is_used(url)
            kit = Kit.on_private_database(dataflow, verify=self._verify, late_models=self._load_app)
        kit.explainer.limits.are_errors = self._limits_are_errors
        for configure in self.configure:
            configure(kit)
        self._on_open(dataflow)
        self.opened.append(kit.open())
        self._models[dataflow] = len(dataflow.get_models())
        if is_late:
            self.late.append(kit)
        return kit

    def has_failed(self, dataflow: Any) -> bool:
        """Whether no kit can be opened for an instance."""
        return dataflow in self._failures

    def add_tables(self) -> None:
        """Makes the tables of models that were registered since this was last called."""
        for kit in self.opened:
            number = len(kit.dataflow.get_models())
            if self._models.get(kit.dataflow) != number:
                kit.sandbox.add_tables(kit.dataflow)
                self._models[kit.dataflow] = number

    # --- definitions of testkit_dataflow ---------------------------------------------------------

    def assign(self, definition: Any, kit: Kit) -> None:
        """A definition of `testkit_dataflow` gave the instance of a kit; one that it gave before is done."""
        before = self._by_definition.get(definition)
        self._by_definition[definition] = kit
        if before is not None and before is not kit:
            self._close_unless_needed(before)

    def definition_finished(self, definition: Any) -> None:
        """Before a definition's own teardown, after which its instance or database may be gone. Raises `DatabaseBusy`.

        A fixture that has no teardown may return the same instance again: its kit stays open until it does not.
        """
        if inspect.isgeneratorfunction(definition.func) or inspect.isasyncgenfunction(definition.func):
            kit = self._by_definition.pop(definition, None)
            if kit is not None:
                self._close_unless_needed(kit)

    def _close_unless_needed(self, kit: Kit) -> None:
        if kit in self.opened and kit not in self._by_definition.values():
            try:
                kit.sandbox.settle()
            finally:
                self._close(kit)
                self._on_close(kit.dataflow)

    def _close(self, kit: Kit) -> None:
        from kailash_testkit.internals.dataflow import close_sync_express

        self.opened.remove(kit)
        if kit in self.late:
            self.late.remove(kit)
        close_sync_express(kit.dataflow)
        kit.close()

    def close_all(self) -> None:
        """The session is done."""
        for kit in [*self.opened]:
            self._close(kit)
