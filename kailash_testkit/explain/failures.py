"""Nodes that fail: observed in the log that Kailash and DataFlow write anyway, the application is not touched.

A CreateNode whose insert the database refuses reports ``success: False`` to a workflow that goes on, and an
application that does not look answers 201. DataFlow logs it, though: that is what is kept here.
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.asgi.tracebacks import calling_lines
from kailash_testkit.internals.dataflow_evidence import FAILURE_LOGGERS, FailedNode, failed_node
from kailash_testkit.internals.node_errors import RUNS_FOR_KIT, reason_of
from kailash_testkit.redaction import secrets_in

_LENGTH: Final = 100


@dataclass(frozen=True)
class Failure:
    """A node that failed.

    row_ids: of the rows that it was to work on, where they were given. request: in which that was.
    by_kit: the kit ran it, and has raised the failure. where: the application's lines that ran it, if they are known.
    """

    model: str | None
    operation: str
    error: str
    row_ids: tuple[object, ...]
    request: TimedRequest | None = None
    by_kit: bool = False
    where: tuple[str, ...] = field(default=(), compare=False)

    @property
    def creates(self) -> bool:
        """Whether it was to make rows."""
        return "create" in self.operation or "upsert" in self.operation

    def __str__(self) -> str:
        during = f" during {self.request.line()}" if self.request else ""
        return f"{self.node} failed{during}: {self.error}"

    @property
    def node(self) -> str:
        """Which node it was, in words, as far as the log tells."""
        what = self.operation or "node"
        return f"{'an' if what[0] in 'aeiou' else 'a'} {what} of {self.model}" if self.model else "a node"


class FailureLog(logging.Handler):
    """The last failures, oldest first. Observes from `start` to `stop`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._failures: deque[Failure] = deque(maxlen=_LENGTH)
        self._loggers = [logging.getLogger(name) for name in FAILURE_LOGGERS]

    def start(self) -> None:
        """Begins to observe. Idempotent; needed again where the application has configured logging again."""
        for logger in self._loggers:
            if self not in logger.handlers:
                logger.addHandler(self)

    def stop(self) -> None:
        """Ends it. Idempotent."""
        for logger in self._loggers:
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            node = failed_node(record)
            if node is not None:
                self._keep(node)
        except Exception:  # the application is logging: it must not hear of our troubles
            self.handleError(record)

    def _keep(self, node: FailedNode) -> None:
        error = reason_of(node.error, secrets_in(node.values, node.model))
        failure = Failure(
            node.model,
            node.operation,
            error,
            _ids_in(node.values),
            CURRENT.get(None),
            RUNS_FOR_KIT.get(),
            tuple(calling_lines(inspect.currentframe())),
        )
        if not (self._failures and self._failures[-1] == failure):  # told by the node, and by the runtime
            self._failures.append(failure)

    def __iter__(self) -> Iterator[Failure]:
        return iter(self._failures)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._failures.clear()

    @property
    def is_deaf(self) -> bool:
        """Whether the application has switched off the log in which DataFlow tells of failures."""
        logger = logging.getLogger(FAILURE_LOGGERS[0])
        return logger.disabled or not logger.isEnabledFor(logging.ERROR) or self not in logger.handlers


def _ids_in(values: Mapping[str, object]) -> tuple[object, ...]:
    """The ids that a node was given: of the row, in the filter, or of the rows of a batch."""
    batch = values.get("data")
    places = [values, values.get("filter"), *(cast("list[object]", batch) if isinstance(batch, list) else [])]
    rows = [cast("Mapping[str, object]", place) for place in places if isinstance(place, Mapping)]
    return tuple(row["id"] for row in rows if "id" in row)
