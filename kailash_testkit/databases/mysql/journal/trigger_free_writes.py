"""Writing to tables without firing the application's triggers.

No setting of a session switches triggers off, so those of the tables written are dropped and made again. Each of
these statements ends the transaction; hence the tables are locked from before the first to after the last, and
nobody sees a state in between. What a process that is killed just then leaves is a database without them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kailash_testkit.databases.mysql.connection import SQL_MODE, Connection, literal, quoted
from kailash_testkit.databases.mysql.journal.schema import Trigger
from kailash_testkit.databases.mysql.journal.triggers import RecordedTable
from kailash_testkit.errors import IsolationFailed

#: Whoever has one of these may make what belongs to somebody else.
_FOR_OTHERS: Final = "'SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER'"


@contextmanager
def without_application_triggers(
    connection: Connection,
    recorded_tables: Sequence[RecordedTable],
    triggers: Iterable[Trigger],
    *,
    first: Sequence[str] = (),
) -> Generator[list[list[tuple[Any, ...]]], None, None]:
    """A transaction in which the tables are written, and none of the application's triggers fires.

    triggers: all there are, in the order in which they fire. first: the first statements, whose rows it yields.
    """
    names = {recorded.table.name for recorded in recorded_tables}
    aside = [trigger for trigger in triggers if trigger.table in names and not trigger.is_own]
    if not aside:
        with connection.transaction("REPEATABLE READ", first=first) as found:
            yield found
        return
    require_that_they_can_be_made(connection, aside)
    connection.run("LOCK TABLES " + ", ".join(f"{each.name} WRITE, {each.journal} WRITE" for each in recorded_tables))
    try:
        for trigger in aside:
            connection.run(f"DROP TRIGGER {quoted(trigger.name)}")
        connection.run("SET autocommit = 0")
        try:
            yield connection.batch(first) if first else []
            connection.run("COMMIT")
        finally:
            connection.roll_back()
            connection.run("SET autocommit = 1")
            make_triggers(connection, aside)
    finally:
        connection.run("UNLOCK TABLES")


def make_triggers(connection: Connection, triggers: Iterable[Trigger]) -> None:
    """Make triggers as they were; of those that fire at the same time, the first first."""
    for each in triggers:
        user, _, host = each.definer.rpartition("@")
        if each.body.isascii() or each.charset.startswith("utf8"):
            connection.run(f"SET character_set_client = {each.charset}, collation_connection = {each.collation}")
        connection.run(f"SET sql_mode = {literal(each.sql_mode)}")
        try:
            connection.run(
                f"CREATE DEFINER = {quoted(user)}@{quoted(host)} TRIGGER {quoted(each.name)} "
                f"{each.timing} {each.event} ON {quoted(each.table)} FOR EACH ROW {each.body}"
            )
        finally:
            connection.run(f"SET sql_mode = {SQL_MODE}")
            connection.run("SET NAMES utf8mb4")


def require_that_they_can_be_made(connection: Connection, triggers: Iterable[Trigger]) -> None:
    """Raises `IsolationFailed` where the kit's user may not make what it would have to drop."""
    ((user,),) = connection.run("SELECT current_user()")
    foreign = [trigger for trigger in triggers if trigger.definer != user]
    if foreign and not connection.run(
        f"SELECT 1 FROM information_schema.user_privileges WHERE privilege_type IN ({_FOR_OTHERS}) LIMIT 1"
    ):
        raise IsolationFailed(
            f"rows of {foreign[0].table} cannot be put back without firing the trigger {foreign[0].name}",
            why=f"it belongs to {foreign[0].definer}, and {user} may not make it again",
            do=f"let the application make its triggers as {user}, or grant {user} SET USER (SET_USER_ID on MySQL)",
        )
