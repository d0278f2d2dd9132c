"""The tables that DataFlow keeps for itself in an application's database (kailash-dataflow 2.20.1)."""

from __future__ import annotations

from typing import Final

_OWN_TABLES: Final = frozenset(
    {
        "dataflow_migration_history",
        "dataflow_migration_lock",
        "dataflow_migration_locks",
        "dataflow_migration_queue",
        "dataflow_migrations",
        "dataflow_model_registry",
    }
)


def own_tables() -> frozenset[str]:
    """Their exact names. Whatever else begins alike is the application's."""
    return _OWN_TABLES
