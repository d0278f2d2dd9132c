"""`Target`: a database under attack, isolated as the plugin does it, and the connections that attacks use.

A kind of database is a subclass with its schema, its connection, and a judge: a fingerprint that shares no code with
the kit's. Base rows belong to a wider fixture: they must be there again after each attack.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from attack import Attack
from sample_app import make_db, register

from kailash_testkit.kit import Kit
from kailash_testkit.pytest_plugin.going_back import recovered


class Target:
    """A DataFlow application with a kit, and rows of a fixture of session scope."""

    kind: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}
    """Of DataFlow's constructor."""
    schema: ClassVar[tuple[str, ...]]
    """Made before the kit opens the database, beside the tables of the models ``Customer`` and ``Order``."""
    rows: ClassVar[tuple[str, ...]]
    """Written by the wider fixture."""
    rows_of_next_test: ClassVar[tuple[str, ...]]
    """Written after each attack, to see that they are undone as ever."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = self.new_url()
        self.sql(*self.schema)
        self.db = make_db(self.url, **self.options)
        register(self.db, "Customer", id=int, name=str)
        register(self.db, "Order", id=int, customer_id=int, total=float)
        self.kit = Kit.on_private_database(self.db, verify=False, late_models=lambda: None).open()
        self.sandbox = self.kit.sandbox
        started = self.sandbox.begin()
        self.sql(*self.rows)
        self.sandbox.finish("the fixture catalogue", started)
        self.held = contextlib.ExitStack()
        self.clean = self.fingerprint()

    # --- of the kind

    def new_url(self) -> str:
        """Makes the database."""
        raise NotImplementedError

    def connect(self) -> Any:
        """An application's connection, in autocommit mode."""
        raise NotImplementedError

    def run(self, connection: Any, statement: str) -> list[Any]:
        """Runs a statement on a connection and returns its rows."""
        raise NotImplementedError

    def fingerprint(self) -> list[str]:
        """Everything that a test may find in the database, a line each, read past the kit."""
        raise NotImplementedError

    def drop(self) -> None:
        """Removes the database."""
        raise NotImplementedError

    # --- of an attack

    def sql(self, *statements: str) -> list[Any]:
        """Runs statements on one connection of their own; returns the rows of the last."""
        with contextlib.closing(self.connect()) as connection:
            return [self.run(connection, statement) for statement in statements][-1]

    def hold(self, connection: Any, close: Callable[[], object] | None = None) -> Any:
        """Keeps something open beyond the test; closed when the next has been judged."""
        self.held.callback(close or connection.close)
        return connection

    def suffer(self, attack: Attack) -> None:
        """What the test does."""
        for step in attack.steps:
            if isinstance(step, str):
                self.sql(step)
            else:
                step(self)

    def end_test(self) -> None:
        """What the plugin does after a test. Raises what it raises: the test's error."""
        try:
            self.sandbox.end_test()
        except Exception:
            hindrance = recovered(self.sandbox)
            assert hindrance is None, f"the session stops: {hindrance}"
            raise
        finally:
            changed = self.sandbox.changed_files.end_test()
        for line in changed:
            warnings.warn(line, stacklevel=1)

    def release(self) -> None:
        """Lets go of what attacks hold."""
        with contextlib.suppress(Exception):  # the kit may have closed it
            self.held.close()

    def close(self) -> None:
        self.release()
        self.kit.close()
        self.db.close()
        self.drop()
