"""The schema of a MariaDB or MySQL database: noticing that it was changed, at little cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit.databases.mysql.connection import Connection, literal, quoted
from kailash_testkit.databases.mysql.journal.routines import ROUTINES_QUERY, Routine, read_routines
from kailash_testkit.databases.mysql.naming import is_bookkeeping, is_journal_trigger

_COUNTER: Final = re.compile(r"^(\) ENGINE=\S+) AUTO_INCREMENT=\d+", re.MULTILINE)
#: The server counts each statement by its kind, those of other databases too. Readable for everyone.
_COUNTED: Final = (
    "alter_db", "alter_event", "alter_function", "alter_procedure", "alter_sequence", "alter_table", "create_event",
    "create_function", "create_index", "create_package", "create_package_body", "create_procedure", "create_sequence",
    "create_table", "create_trigger", "create_view", "drop_db", "drop_event", "drop_function", "drop_index",
    "drop_package", "drop_package_body", "drop_procedure", "drop_sequence", "drop_table", "drop_trigger", "drop_view",
    "optimize", "rename_table", "truncate",
)  # fmt: skip
_NAMES: Final = ", ".join(f"'Com_{kind}'" for kind in _COUNTED)
_COUNT_ON_MARIADB: Final = (
    "SELECT CAST(sum(variable_value) AS UNSIGNED) FROM information_schema.global_status "
    f"WHERE variable_name IN ({_NAMES})"
)
_COUNT_ON_MYSQL: Final = f"SHOW GLOBAL STATUS WHERE variable_name IN ({_NAMES})"
_TABLES: Final = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = database()"
# Takes less than half the time of the same rows from information_schema; those that fire together come in that order.
_TRIGGERS: Final = "SHOW TRIGGERS"
_DATABASE: Final = "SELECT * FROM information_schema.schemata WHERE schema_name = database()"


@dataclass(frozen=True)
class Trigger:
    """A trigger as the server shows it."""

    name: str
    table: str
    event: str
    timing: str
    body: str
    definer: str
    sql_mode: str
    charset: str
    collation: str

    @property
    def is_own(self) -> bool:
        """Whether the journal made it."""
        return is_journal_trigger(self.name)

    def described(self) -> tuple[str, ...]:
        """All that the server shows of it."""
        return (
            self.name, self.table, self.event, self.timing, self.body, self.definer, self.sql_mode, self.charset,
            self.collation,
        )  # fmt: skip


@dataclass(frozen=True)
class Schema:
    """tables, views: the statement that makes each. triggers: in the order in which they fire.

    database: what ALTER DATABASE says of it.
    """

    tables: dict[str, str]
    views: dict[str, str]
    triggers: tuple[Trigger, ...]
    routines: frozenset[Routine]
    database: str

    def of_application_triggers(self) -> list[tuple[str, ...]]:
        """The application's triggers, in the order in which they fire."""
        return [each.described() for each in self.triggers if not each.is_own]

    def of_application(self) -> tuple[object, ...]:
        """What may not differ between a state and the state put back."""
        return (
            sorted(self.tables.items()),
            sorted(self.views.items()),
            self.of_application_triggers(),
            sorted(map(repr, self.routines)),
            self.database,
        )

    def own_triggers(self) -> set[tuple[str, str, str]]:
        """Name, table and body of each of the journal's triggers."""
        return {(each.name, each.table, each.body) for each in self.triggers if each.is_own}

    def own_triggers_of(self, table: str) -> set[tuple[str, str]]:
        """Name and body of each of the journal's triggers on a table."""
        return {(name, body) for name, on, body in self.own_triggers() if on == table}

    def same_as(self, other: Schema) -> bool:
        """Whether recording that fits one fits the other."""
        return self.of_application() == other.of_application() and self.own_triggers() == other.own_triggers()


def read_schema(connection: Connection) -> Schema:
    """The schema as it is now."""
    found, triggers, routines, (database,) = connection.batch([_TABLES, _TRIGGERS, ROUTINES_QUERY, _DATABASE])
    kinds = {name: kind for name, kind in found if not is_bookkeeping(name)}
    shown = connection.batch(_shown(name, kind) for name, kind in kinds.items()) if kinds else []
    tables: dict[str, str] = {}
    views: dict[str, str] = {}
    for (name, kind), ((_, statement, *_),) in zip(kinds.items(), shown, strict=True):
        if kind == "VIEW":
            views[name] = statement
        else:
            tables[name] = _COUNTER.sub(r"\1", statement)
    described = sorted((_trigger(row) for row in triggers if not is_bookkeeping(row[2])), key=_event_of)
    return Schema(tables, views, tuple(described), read_routines(connection, routines), _options(*database))


def _trigger(row: tuple[Any, ...]) -> Trigger:
    name, event, table, body, timing, _created, sql_mode, definer, charset, collation, *_ = row
    return Trigger(name, table, event, timing, body, definer, sql_mode, charset, collation)


def _event_of(trigger: Trigger) -> tuple[str, str, str]:
    return trigger.table, trigger.event, trigger.timing


def _shown(name: str, kind: str) -> str:
    return f"SHOW CREATE {'SEQUENCE' if kind == 'SEQUENCE' else 'TABLE'} {quoted(name)}"


def _options(_catalog: str, _name: str, charset: str, collation: str, _path: object, *rest: str) -> str:
    """rest: MariaDB's comment on the database, MySQL's answer whether it is encrypted."""
    comment = f" COMMENT {literal(rest[0])}" if rest and rest[0] not in ("NO", "YES") else ""
    return f"CHARACTER SET {charset} COLLATE {collation}{comment}"


def statement_count_query(connection: Connection) -> str:
    """A statement whose rows `parse_statement_count` reads."""
    return _COUNT_ON_MARIADB if connection.is_mariadb else _COUNT_ON_MYSQL


def read_statement_count(connection: Connection) -> int:
    """How many statements that change a schema the server has begun."""
    return parse_statement_count(connection.run(statement_count_query(connection)))


def parse_statement_count(rows: Iterable[tuple[Any, ...]]) -> int:
    """The number of all kinds together; none of them ever falls."""
    return sum(int(row[-1]) for row in rows)
