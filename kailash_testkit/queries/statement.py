"""`Statement`: one statement that the application ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kailash_testkit.app_code import Site, shown
from kailash_testkit.queries.shapes import Shape, shape_of
from kailash_testkit.queries.tables import model_of

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import TimedRequest
    from kailash_testkit.internals.observed_nodes import RunningNode
    from kailash_testkit.internals.observed_statements import RanStatement


_CHANGEABLE: Final = frozenset({list, dict})
"""Who sent values in one of these may go on with it."""


class Statement:
    """One statement of the application; its values are never shown.

    request: the client's request that it was run for; None outside of any. test: the test's node id, in pytest.
    limit_cut: whether a default limit cut the list that it is for.

    It is worked out only when somebody asks: most statements are those of a request that nobody asks about.
    """

    request: TimedRequest | None
    test: str | None
    limit_cut: bool
    site: Site

    __slots__ = ("_model", "_node", "_ran", "_values", "limit_cut", "request", "site", "test")

    def __init__(
        self, ran: RanStatement, node: RunningNode | None, request: TimedRequest | None, test: str | None, site: Site
    ) -> None:
        values: Any = ran.values
        self._ran = ran
        self._values: object = values.copy() if type(values) in _CHANGEABLE else values
        self._node = node
        self._model = None if node is None else node.model
        self.request = request
        self.test = test
        self.site = site
        self.limit_cut = False

    @property
    def _shape(self) -> Shape:
        is_mysql = self._ran.driver == "aiomysql" or (self._ran.url or "").startswith("mysql")
        return shape_of(self._ran.text, is_mysql)

    @property
    def text(self) -> str:
        """The statement on one line, with ``?`` for each value."""
        return self._shape.text

    @property
    def operation(self) -> str:
        """``SELECT``, ``INSERT`` and so on."""
        return self._shape.verb

    @property
    def table(self) -> str | None:
        """The first that it names."""
        return self._shape.table

    @property
    def model(self) -> str | None:
        """That of the node, or of the first table; None for a table that is of no model."""
        if self._model is None:
            self._model = model_of(self.table)
        return self._model

    @property
    def node(self) -> str | None:
        """The node of DataFlow that ran it, such as ``OrderListNode``; None where none did."""
        return None if self._node is None else self._node.name

    @property
    def run(self) -> int | None:
        """Which run of the node it was."""
        return None if self._node is None else self._node.number

    @property
    def seconds(self) -> float:
        """From asking until its result was there."""
        return self._ran.seconds

    @property
    def rows(self) -> int | None:
        """How many it returned, or changed; None where the driver does not tell."""
        return self._ran.rows

    @property
    def sent(self) -> str:
        """As it was sent, with placeholders."""
        return self._ran.text

    @property
    def url(self) -> str | None:
        """Of the database, where that is known."""
        return self._ran.url

    @property
    def values_id(self) -> int:
        """Equal for statements that ran with the same values."""
        return self._shape.identity(self._values)

    @property
    def where(self) -> list[str]:
        """The application's lines that asked for it, innermost first: ``shop/api.py:42 in place_order``."""
        return shown(self.site)

    def __repr__(self) -> str:
        of = self.node or self.model
        return f"<Statement {self.text!r}{f' of {of}' if of else ''}, {self.rows} rows, {self.seconds:.4f} s>"

    def __str__(self) -> str:
        return self.text
