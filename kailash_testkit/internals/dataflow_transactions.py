"""What DataFlow keeps of a transaction that nobody ended, after the kit has ended it in the database."""

from __future__ import annotations

from typing import Any


def forget_transactions(dataflow: Any) -> None:
    """Lets transactions begin again as such.

    On SQLite an adapter counts its open transactions. While one is left over, each later one is taken for nested in
    it: it begins with a savepoint, and its connection is never closed.
    """
    for node, _ in dataflow._async_sql_node_cache.values():
        if getattr(node._adapter, "_transaction_depth", 0):
            node._adapter._transaction_depth = 0
