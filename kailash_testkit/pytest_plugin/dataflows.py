"""The DataFlow instances that the setting ``testkit_dataflow`` names."""

from __future__ import annotations

from typing import Any

from kailash_testkit.concurrency import sync
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.importer import Awaiting, is_async, load_dataflow, module_of
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.pytest_plugin.url_changes import UrlChanges
from kailash_testkit.redaction import redact


class Dataflows:
    """Loads the instances, each once, and checks where they connect to."""

    def __init__(self, settings: Settings, database: PrivateDatabases, changes: UrlChanges) -> None:
        self._settings = settings
        self._database = database
        self._changes = changes
        self._loaded: list[Any] = []
        self.is_loading = False
        """Whether `load` runs now: the application may be imported by it."""

    @property
    def modules(self) -> list[str]:
        """The modules of the application that the settings name."""
        return [module_of(target) for target in (*self._settings.dataflows, self._settings.app) if target]

    @property
    def are_loaded(self) -> bool:
        """Whether there is nothing more to load."""
        return len(self._loaded) == len(self._settings.dataflows)

    def must_be_awaited(self) -> bool:
        """Whether an ``async def`` makes one that is not loaded. Raises `ConfigurationError`."""
        return any(map(is_async, self._settings.dataflows[len(self._loaded) :]))

    def load(self, awaiting: Awaiting = sync.run) -> list[Any]:
        """The instances, in the order of the setting.

        Raises `ConfigurationError`, and `UnsafeDatabase` for one that connects elsewhere than it was told.
        """
        before, self.is_loading = self.is_loading, True
        try:
            for target in self._settings.dataflows[len(self._loaded) :]:
                dataflow = load_dataflow(target, awaiting=awaiting)
                self._check_url(dataflow, len(self._loaded))
                self._loaded.append(dataflow)
        finally:
            self.is_loading = before
        return self._loaded

    def _check_url(self, dataflow: Any, number: int) -> None:
        from kailash_testkit.internals.dataflow import url_of

        url = url_of(dataflow)
        if self._database.is_at(url):
            return
        self._changes.when_loaded()
        refusal = self._changes.refusal_of(url)
        if refusal is not None:
            raise refusal
        variables = self._settings.variables
        names = " or ".join(variables[min(number, len(variables) - 1)])
        raise UnsafeDatabase(
            f"the application connects to {redact(url)}, not to the test database",
            details=[] if number == 0 else [f"it is that of {self._settings.dataflows[number]}"],
            why=f"it does not take its URL from {names}, or it was imported before the kit set it",
            do=f"read the URL from {names}, or name the variable that it reads: testkit_url_env"
            + ("" if len(self._settings.dataflows) == 1 else ", one for each instance, in their order"),
        )
