"""The DataFlow instances that work on one database: what they believe of it follows when it goes back."""

from __future__ import annotations

from typing import Any

from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.internals.dataflow_caches import empty_caches
from kailash_testkit.internals.dataflow_transactions import forget_transactions


class Instances:
    """Those of the kits that are open on the database, one for each kit."""

    def __init__(self) -> None:
        self._dataflows: list[Any] = []

    def join(self, dataflow: Any) -> None:
        """An instance works on the database from now on."""
        self._dataflows.append(dataflow)

    def part(self, dataflow: Any) -> bool:
        """A kit of an instance is done, one of possibly several. Returns whether it was the last."""
        index = next(index for index, other in enumerate(self._dataflows) if other is dataflow)
        del self._dataflows[index]
        return not self._dataflows

    def create_tables(self) -> None:
        """Makes tables that are gone, although DataFlow believes that they are there."""
        for dataflow in self._dataflows:
            dataflow_internals.create_tables(dataflow)

    def empty_caches(self) -> None:
        """What was read before is asked for again."""
        for dataflow in self._dataflows:
            empty_caches(dataflow)

    def forget_transactions(self) -> None:
        """Transactions that were ended are none of theirs any more."""
        for dataflow in self._dataflows:
            forget_transactions(dataflow)
