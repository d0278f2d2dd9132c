"""`Page`: which of the rows that match are wanted, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from kailash_testkit.errors import FieldTypeError
from kailash_testkit.models import Model
from kailash_testkit.models.rows import Row
from kailash_testkit.text import truncate_repr

ALL_ROWS: Final = 2**31 - 1
"""The limit for no limit: ListNode returns 10 rows unless told otherwise."""

OrderBy = str | Sequence[str] | None
"""The names of columns, each with a ``-`` before it to sort descending; None: the id."""


@dataclass(frozen=True)
class Page:
    """A part of the rows that match.

    Rows with equal values of ``order_by`` are ordered by their id, so that a page is the same each time. limit: rows at
    most; None: all. offset: rows to leave out before them.
    """

    order_by: OrderBy = None
    limit: int | None = None
    offset: int = 0
    include_deleted: bool = False

    def inputs(self, model: Model) -> dict[str, object]:
        """The inputs of a ListNode. Raises `UnknownField`, or `FieldTypeError`."""
        for name in ("limit", "offset"):
            given: object = getattr(self, name)
            if not (given is None and name == "limit") and not _is_count(given):
                raise FieldTypeError(
                    f"rows of {model.name}: {name}={truncate_repr(given)} is no number of rows",
                    do=f"give a whole number, 0 or more, or leave {name} out",
                )
        order = self._order()
        for name in order:
            model.column(name.removeprefix("-"))
        return {
            "order_by": order,
            "limit": ALL_ROWS if self.limit is None else self.limit,
            "offset": self.offset,
            "enable_cache": False,
            "include_deleted": self.include_deleted or model.hidden_rows,
        }

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The page of rows in its order."""
        rest = rows[self.offset :]
        return list(rest if self.limit is None else rest[: self.limit])

    def reversed(self) -> Page:
        """The same in the opposite order."""
        return replace(self, order_by=[name[1:] if name.startswith("-") else f"-{name}" for name in self._order()])

    def _order(self) -> list[str]:
        order = [self.order_by] if isinstance(self.order_by, str) else list(self.order_by or ())
        return order if "id" in order or "-id" in order else [*order, "id"]


ALL: Final = Page()


def _is_count(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 0
