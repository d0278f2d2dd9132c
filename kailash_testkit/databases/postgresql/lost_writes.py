"""Loses writes to a PostgreSQL database, by a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.lost_writes import LostWrites, reverting
from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, quoted

COLUMNS: Final = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"""
"""The columns of a table that can be written."""

_SWITCH: Final = f"{OWN_SCHEMA}.lost"
_FUNCTION: Final = f"{OWN_SCHEMA}.lost"
_TRIGGER: Final = quoted("!dataflow_testkit_row_lost")  # after the journal's, by its name: what it does comes later


def statements(lost: LostWrites, table: str, names: Sequence[str]) -> Sequence[str]:
    """The statements that begin, with losing switched off. table: in SQL. names: of the columns."""
    columns = [quoted(name) for name in names if lost.event == "delete" or name != "id"]
    revert = reverting(lost, table, "id", columns, "OVERRIDING SYSTEM VALUE")
    return (
        f"CREATE TABLE {_SWITCH} AS SELECT 0 AS is_on",
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN "
        f"IF pg_trigger_depth() = 1 AND (SELECT is_on FROM {_SWITCH}) = 1 AND {lost.condition} THEN {revert}; END IF; "
        "RETURN NULL; END$$",
        f"CREATE TRIGGER {_TRIGGER} AFTER {lost.event.upper()} ON {table} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
    )


SWITCH: Final = f"UPDATE {_SWITCH} SET is_on = %s"
END: Final = (f"DROP FUNCTION IF EXISTS {_FUNCTION}() CASCADE", f"DROP TABLE IF EXISTS {_SWITCH}")
"""The statements that end it."""
