"""The DataFlow instances that the setting ``testkit_dataflow`` names."""

from __future__ import annotations

from typing import Any

from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.pytest_plugin.private_database import PrivateDatabases
from kailash_testkit.pytest_plugin.settings import Settings
from kailash_testkit.redaction import redact


class Dataflows:
    """Loads the instances, each once, and checks where they connect to."""

    def __init__(self, settings: Settings, database: PrivateDatabases) -> None:
        self._settings = settings
        self._database = database
        self._loaded: list[Any] = []

    def load(self) -> list[Any]:
        """The instances, in the order of the setting.

        Raises `ConfigurationError`, and `UnsafeDatabase` for one that connects elsewhere than it was told.
        """
        from kailash_testkit.importer import load_dataflow

        for target in self._settings.dataflows[len(self._loaded) :]:
            dataflow = load_dataflow(target)
            self._check_url(dataflow, len(self._loaded))
            self._loaded.append(dataflow)
        return self._loaded

    def _check_url(self, dataflow: Any, number: int) -> None:
        from kailash_testkit.internals.dataflow import url_of

        if self._database.is_at(url_of(dataflow)):
            return
        variables = self._settings.variables
        names = " or ".join(variables[min(number, len(variables) - 1)])
        raise UnsafeDatabase(
            f"the application connects to {redact(url_of(dataflow))}, not to the test database",
            details=[] if number == 0 else [f"it is that of {self._settings.dataflows[number]}"],
            why=f"it does not take its URL from {names}, or it was imported before the kit set it",
            do=f"read the URL from {names}, or name the variable that it reads: testkit_url_env"
            + ("" if len(self._settings.dataflows) == 1 else ", one for each instance, in their order"),
        )
