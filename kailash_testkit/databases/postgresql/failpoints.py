"""Refuses writes to a PostgreSQL database, by a trigger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kailash_testkit.databases.failpoints import MESSAGE, Failpoint, Way
from kailash_testkit.databases.postgresql.connection import OWN_SCHEMA, quoted

WAYS: Final[tuple[Way, ...]] = ("refuse", "fail the commit", "lose the connection")

_COUNTER: Final = f"{OWN_SCHEMA}.failpoint"
_FUNCTION: Final = f"{OWN_SCHEMA}.failpoint"
_TRIGGER: Final = quoted("!dataflow_testkit_failpoint")
_REFUSE: Final = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'check_violation'"
_LOSE: Final = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1)"


def statements(failpoint: Failpoint, table: str) -> Sequence[str]:
    """The statements that begin to refuse. table: in SQL."""
    at_commit = failpoint.way == "fail the commit"
    trigger, deferred = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED") if at_commit else ("TRIGGER", "")
    act = _LOSE if failpoint.way == "lose the connection" else _REFUSE
    return (
        f"CREATE TABLE {_COUNTER} AS SELECT 0 AS passed",
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN "
        f"IF (SELECT passed FROM {_COUNTER}) = {failpoint.number} THEN {act}; END IF; "
        f"UPDATE {_COUNTER} SET passed = passed + 1; RETURN NULL; END$$",
        f"CREATE {trigger} {_TRIGGER} AFTER {failpoint.event.upper()} ON {table} {deferred} "
        f"FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()",
    )


END: Final = (f"DROP FUNCTION IF EXISTS {_FUNCTION}() CASCADE", f"DROP TABLE IF EXISTS {_COUNTER}")
"""The statements that end it."""
