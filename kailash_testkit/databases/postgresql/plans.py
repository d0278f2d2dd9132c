"""PostgreSQL's plans, without values: those that it makes of a prepared statement for whatever comes.

Reading the whole table is made dear first, and so is going through an index in its order, which saves a sort. What is
left is to look up what is compared (a bitmap scan), so that PostgreSQL does otherwise only where no index is of use to
the statement. What is found then depends neither on statistics nor on how many rows match: an index that exists, and is
passed over since most rows match, is not missing.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from kailash_testkit.databases.plans import Explained, Plan, Scan
from kailash_testkit.databases.postgresql.connection import Connection

_NAME: Final = "kailash_testkit_explained"
_NAMED: Final = re.compile(r"(?<!:):([A-Za-z_]\w*)")
_NUMBERED: Final = re.compile(r"\$(\d+)")
_CONSTANT: Final = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_INDEXES: Final = """
    SELECT i.relname, a.attname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_class t ON t.oid = x.indrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
    WHERE t.relname = %s
"""


def plans(url: str, statements: Sequence[Explained]) -> list[Plan]:
    """The plan of each statement, which is not run."""
    with contextlib.closing(Connection.to_database(url)) as connection:
        connection.run("SET default_transaction_read_only = on; SET plan_cache_mode = force_generic_plan")
        connection.run("SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off")
        return [_plan(connection, statement) for statement in statements]


def _plan(connection: Connection, statement: Explained) -> Plan:
    text, number = _numbered(statement.text)
    nulls = f"({', '.join(['NULL'] * number)})" if number else ""
    try:
        connection.run(f"PREPARE {_NAME} AS {text}")
    except connection.Error as error:
        return Plan(refused=str(error).splitlines()[0])
    try:
        ((found,),) = connection.run(f"EXPLAIN (FORMAT JSON, COSTS OFF) EXECUTE {_NAME}{nulls}")
    except connection.Error as error:
        return Plan(refused=str(error).splitlines()[0])
    finally:
        connection.run(f"DEALLOCATE {_NAME}")
    tree: Any = json.loads(found) if isinstance(found, str) else found
    return Plan(tuple(_scan(connection, statement, node) for node in _nodes(tree[0]["Plan"]) if _reads_all(node)))


def _numbered(text: str) -> tuple[str, int]:
    """The statement with numbered placeholders, and how many."""
    names = list(dict.fromkeys(_NAMED.findall(text)))
    if names:
        return _NAMED.sub(lambda match: f"${names.index(match[1]) + 1}", text), len(names)
    return text, max((int(number) for number in _NUMBERED.findall(text)), default=0)


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in cast("Sequence[Mapping[str, Any]]", node.get("Plans", ())):
        yield from _nodes(child)


def _reads_all(node: Mapping[str, Any]) -> bool:
    """Whether it goes through a table, or through a whole index of it, and throws away what does not match."""
    return "Relation Name" in node and "Filter" in node and "Index Cond" not in node and "Recheck Cond" not in node


def _scan(connection: Connection, statement: Explained, node: Mapping[str, Any]) -> Scan:
    table = str(node["Relation Name"])
    indexes = connection.run(_INDEXES, table)
    unusable = sorted(name for name, column in indexes if column in statement.compared)
    condition = _CONSTANT.sub("?", str(node["Filter"]))
    return Scan(table, f"{node['Node Type']} on {table}, Filter: {condition}", tuple(unusable))
