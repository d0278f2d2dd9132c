"""`Statement`: one statement that the application ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kailash_testkit.app_code import Site, shown

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest


@dataclass(eq=False, slots=True)
class Statement:
    """One statement of the application; its values are not kept.

    text: the statement on one line, with ``?`` for each value. operation: ``SELECT``, ``INSERT`` and so on.
    model: that of the node, or of the first table; None for a table that is of no model.
    node: the node of DataFlow that ran it, such as ``OrderListNode``; None where none did.
    request: the client's request that it was run for; None outside of any.
    test: the test's node id, in pytest. seconds: from asking until its result was there.
    rows: how many it returned, or changed; None where the driver does not tell.
    limit_cut: whether a default limit cut the list that it is for.
    """

    text: str
    operation: str
    model: str | None
    node: str | None
    request: TimedRequest | None
    test: str | None
    seconds: float
    rows: int | None
    limit_cut: bool = False
    table: str | None = field(default=None, repr=False)
    site: Site = field(default=(), repr=False)
    sent: str = field(default="", repr=False)
    values_id: int = field(default=0, repr=False)
    run: int | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)

    @property
    def where(self) -> list[str]:
        """The application's lines that asked for it, innermost first: ``shop/api.py:42 in place_order``."""
        return shown(self.site)

    def __str__(self) -> str:
        return self.text
