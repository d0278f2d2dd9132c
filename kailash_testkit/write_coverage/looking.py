"""`Looking`: notes what one test looks at, in its order."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, cast

from kailash_testkit import looks
from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.internals import observed_nodes
from kailash_testkit.write_coverage.tracked import Answer, observed

_MACHINERY: Final = ("asyncio", "dataflow", "kailash", "concurrent", "threading", "nest_asyncio")
_READS: Final = ("ReadNode", "ListNode", "CountNode")


@dataclass(frozen=True)
class FieldsRead:
    """Fields of a row, with the values that were seen."""

    model: str
    row_id: object
    values: Mapping[str, object]


@dataclass(frozen=True)
class RowSeen:
    """That a row was created, updated or deleted."""

    model: str
    row_id: object
    kind: str


@dataclass(frozen=True)
class Queried:
    """The rows that meet conditions."""

    model: str
    conditions: Mapping[str, object]


@dataclass(frozen=True)
class Sql:
    """What a query of the test's own names."""

    text: str


@dataclass(frozen=True)
class NodeRead:
    """All of a model: the test read it by DataFlow's own means, so that nobody knows which fields."""

    model: str


Look = FieldsRead | RowSeen | Queried | Sql | NodeRead | Answer


class Looking:
    """What a test looks at, while it is the observer (`start` to `stop`). folder: that of the test's file."""

    def __init__(self, folder: Path | None = None) -> None:
        self.looks: list[Look] = []
        self._folder = folder
        self._kinds: dict[object, Any] = {}
        self._before: looks.Observer | None = None

    def start(self) -> None:
        """Begins to note."""
        self._before = looks.observe(self)
        observed_nodes.observe_nodes(self._node_ran)

    def stop(self) -> None:
        """Ends it."""
        looks.observe(self._before)
        observed_nodes.ignore_nodes(self._node_ran)

    def fields_read(self, model: str, row_id: object, values: Mapping[str, object]) -> None:
        """As `looks.Observer`; so are the others."""
        self.looks.append(FieldsRead(model, row_id, values))

    def row_seen(self, model: str, row_id: object, kind: str) -> None:
        """See `fields_read`."""
        self.looks.append(RowSeen(model, row_id, kind))

    def queried(self, model: str, conditions: Mapping[str, object]) -> None:
        """See `fields_read`."""
        self.looks.append(Queried(model, {**conditions}))

    def sql(self, text: str) -> None:
        """See `fields_read`."""
        self.looks.append(Sql(text))

    def answered(self, response: Any, request: TimedRequest) -> None:
        """See `fields_read`. From now on the response notes what is read of it."""
        answer = Answer(request)
        self.looks.append(answer)
        kind = cast("object", type(response))
        if kind not in self._kinds:
            self._kinds[kind] = observed(kind)
        response.__class__ = self._kinds[kind]
        response.testkit_answer = answer

    def _node_ran(self, dataflow: Any, name: str) -> None:
        del dataflow
        operation = next((each for each in _READS if name.endswith(each)), None)
        if operation is not None and CURRENT.get(None) is None and self._is_by_test():
            self.looks.append(NodeRead(name.removesuffix(operation)))

    def _is_by_test(self) -> bool:
        """Whether the nearest code that is no machinery is in the test's folder; who cannot be told counts as it."""
        frame: FrameType | None = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - documented
        while frame is not None and looks.is_own(frame, *_MACHINERY):
            frame = frame.f_back
        if frame is None or self._folder is None:
            return True
        file = frame.f_code.co_filename
        return not file.startswith("/") or Path(file).is_relative_to(self._folder) or "site-packages" in file
