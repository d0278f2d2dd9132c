"""What a test looks at, told to one observer while somebody wants to know; otherwise it costs a comparison with None.

Only what a test's own code asks for is told: what the kit reads for its own purposes is left out, by the caller.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from types import FrameType
from typing import Any, Final, Protocol

_OWN: Final = __name__.partition(".")[0]


class Observer(Protocol):
    """Gets told what a test looks at, in the order in which it does."""

    def fields_read(self, model: str, row_id: object, values: Mapping[str, object]) -> None:
        """Fields of a row were read, or compared with what was expected."""
        ...

    def row_seen(self, model: str, row_id: object, kind: str) -> None:
        """The test saw that a row was created, updated or deleted."""
        ...

    def queried(self, model: str, conditions: Mapping[str, object]) -> None:
        """The rows that meet conditions were asked for, or counted."""
        ...

    def sql(self, text: str) -> None:
        """The test read by a query of its own."""
        ...

    def answered(self, response: Any, request: Any) -> None:
        """A request of the test was answered."""
        ...


observer: Observer | None = None
"""Who is told; `observe` sets it."""


def observe(whom: Observer | None) -> Observer | None:
    """From now on that one is told, or nobody. Returns who was before."""
    global observer
    before, observer = observer, whom
    return before


def row_read(model: str, values: Mapping[str, object], names: Collection[str]) -> None:
    """Columns of a row are read by whoever called the caller."""
    if observer is not None and not is_own(sys._getframe(2)):  # pyright: ignore[reportPrivateUsage] - documented
        observer.fields_read(model, values.get("id"), {name: values[name] for name in names if name in values})


def is_by_test(depth: int) -> bool:
    """Whether so many frames above the caller other code than the kit's is."""
    return not is_own(sys._getframe(1 + depth))  # pyright: ignore[reportPrivateUsage]


def is_own(frame: FrameType, *others: str) -> bool:
    """Whether a frame is of the kit, or of other packages."""
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return package == _OWN or package in others
