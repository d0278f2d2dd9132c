"""Everything that reaches into Kailash and DataFlow beyond their documented API.

A new release that changes what is used here breaks the modules of this folder and no other. Tried with
kailash 2.65.0 and kailash-dataflow 2.20.1.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from kailash_testkit.errors import ConfigurationError, KitError
from kailash_testkit.redaction import redact

_MOST_FAILED: Final = 3  # tables in a message

# The patterns of DataFlow's "SQL injection protection", which replaces them in the values of CreateNode and
# BulkCreateNode and in the filters of ListNode and CountNode, although all of these are bound as parameters.
_REWRITTEN: Final = re.compile(
    r"union\s+select|select\s+\*?\s*from|drop\s+table|delete\s+from|insert\s+into|update\s+\w+\s+set|exec\s*\("
    r"|(or|and)\s+['\"]?1['\"]?\s*=\s*['\"]?1|;\s*(drop|delete|insert|update|exec)|--\s*$|/\*.*?\*/",
    re.IGNORECASE,
)


def rewrites_text(text: str) -> bool:
    """Whether DataFlow's nodes replace a part of the text because it looks like SQL."""
    return _REWRITTEN.search(text) is not None


def is_dataflow(candidate: object) -> bool:
    """Whether the object is a DataFlow instance. Imports nothing: whoever has one has imported it."""
    module = sys.modules.get("dataflow")
    return module is not None and isinstance(candidate, module.DataFlow)


def url_of(dataflow: Any) -> str:
    """The database URL that the instance's nodes use."""
    return str(dataflow.config.database.url or ":memory:")


def owner_of(model: type) -> Any | None:
    """The DataFlow instance that registered the class last, or None."""
    return getattr(model, "_dataflow", None)


def create_tables(dataflow: Any) -> None:
    """Creates the tables of all models registered so far, whatever the instance's migration settings.

    Synchronous, and idempotent. Raises `ConfigurationError` with DataFlow's own reason.
    """
    try:
        done = dataflow.create_tables_sync()
    except KitError:  # the instance may not be used
        raise
    except Exception as error:  # whatever DataFlow raises is reported, not swallowed
        raise _tables_failed(redact(str(error))) from None
    if not done:
        raise _tables_failed("create_tables_sync() reported failure", _failed_tables(dataflow))


def _failed_tables(dataflow: Any) -> list[str]:
    """What DataFlow remembers of the statements that failed: the table, and the database's words."""
    failed: dict[str, Any] = getattr(dataflow, "_failed_table_creations", {})
    return [redact(f"table {name}: {each.error_message}").splitlines()[0] for name, each in failed.items()][
        :_MOST_FAILED
    ]


def _tables_failed(reason: str, details: Sequence[str] = ()) -> ConfigurationError:
    return ConfigurationError(
        "DataFlow could not create the tables of its models in the test database",
        details=details,
        why=reason.splitlines()[0] if reason else None,
        do="correct the model that the reason names; MariaDB and MySQL take no list or dict as a default",
    )


def current_tenant(dataflow: Any) -> str | None:
    """The tenant that the calling context is bound to."""
    tenant: str | None = dataflow.tenant_context.get_current_tenant()
    return tenant


_Entries = dict[str, tuple[Any, int | None]]


class LoopNodes:
    """Keeps a DataFlow's SQL nodes apart by event loop.

    DataFlow has one SQL node, made for the loop that used it last; another loop replaces it, and the old
    one is collected while connected. Where loops take turns (the kit's ``_sync`` methods, starlette's
    TestClient) that would be a new connection and a ResourceWarning each time.
    """

    def __init__(self, dataflow: Any) -> None:
        self._dataflow = dataflow
        _remember_loose_connections(dataflow)
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Entries] = WeakKeyDictionary()
        self._dropped: list[tuple[str, Any]] = []
        _at_work.add(self)

    async def enter(self) -> None:
        """Before a node runs: gives DataFlow the running loop's SQL node back."""
        loop = asyncio.get_running_loop()
        current: _Entries = self._dataflow._async_sql_node_cache
        for kind, (node, made_in) in list(current.items()):
            if made_in != id(loop):
                del current[kind]
                if not self._is_kept(node):
                    self._dropped.append((kind, node))
        current.update(self._by_loop.get(loop, {}))
        if self._dropped:
            await self._close_dropped()

    def remember(self) -> None:
        """After a node ran: notes what DataFlow made in the running loop."""
        loop = asyncio.get_running_loop()
        kept = self._by_loop.get(loop, {})
        for kind, entry in self._dataflow._async_sql_node_cache.items():
            if kept.get(kind) is not entry:
                self._keep(loop, kind, entry)

    def has_strays(self, living: Iterable[asyncio.AbstractEventLoop]) -> bool:
        """Whether there are SQLite nodes of loops that are none of these; keeps those that are of one."""
        by_id = {id(loop): loop for loop in living}
        stray = any(kind == "sqlite" for kind, _ in self._dropped)
        for kind, entry in self._dataflow._async_sql_node_cache.items():
            loop = by_id.get(entry[1])
            if loop is not None:
                self._keep(loop, kind, entry)
            elif kind == "sqlite" and not self._is_kept(entry[0]):
                stray = True
        return stray

    async def close(self) -> None:
        """Closes what was made in the running loop."""
        await self.enter()
        loop = asyncio.get_running_loop()
        self._by_loop.pop(loop, None)
        await _close_own(self._dataflow)
        if not any(loop in others._by_loop for others in _at_work):  # whose nodes are connected to the same pools
            await close_pools_of_running_loop()

    def _keep(self, loop: asyncio.AbstractEventLoop, kind: str, entry: tuple[Any, int | None]) -> None:
        entries = self._by_loop.setdefault(loop, {})
        if kind in entries and entries[kind][0] is not entry[0]:
            self._dropped.append((kind, entries[kind][0]))  # DataFlow made another one for the loop
        entries[kind] = entry

    def _is_kept(self, node: Any) -> bool:
        return any(node is kept for entries in self._by_loop.values() for kept, _ in entries.values())

    async def _close_dropped(self) -> None:
        """Closes those of SQLite, which have no connection between statements, so that any loop can.

        Of other databases only its own loop could close it; it is kept from being collected.
        """
        for kind, node in [each for each in self._dropped if each[0] == "sqlite"]:
            self._dropped.remove((kind, node))
            await node.cleanup()


_at_work: WeakSet[LoopNodes] = WeakSet()


async def close_in_running_loop(dataflow: Any) -> None:
    """Closes what the instance, and Kailash for it, made in the running loop: node, runtime, pools.

    They belong to their loop: closed later, they can only leak ("too many clients", "Event loop is
    closed"). DataFlow makes new ones when it is used again. Its own ``close_async`` closes more than
    this (the instance itself) and less (not the pools).
    """
    await _close_own(dataflow)
    await close_pools_of_running_loop()


async def _close_own(dataflow: Any) -> None:
    # DataFlow keys these by id(loop), which is safe to use only here, while the loop is alive; what is
    # left behind would be taken for the next loop's that happens to have the same id.
    loop_id = id(asyncio.get_running_loop())
    nodes: _Entries = dataflow._async_sql_node_cache
    for kind, (node, made_in) in list(nodes.items()):
        if made_in == loop_id:
            del nodes[kind]
            await node.cleanup()
    runtime = dataflow._loop_runtime_cache.pop(loop_id, None)
    if runtime is not None:
        runtime.close()
    loose = _loose.pop(asyncio.get_running_loop(), None)
    for connection in loose or []:
        await connection.close()
    if loose is not None:  # the instance was initialised in this loop
        _end_connections_of_closed_loops()


_loose: WeakKeyDictionary[asyncio.AbstractEventLoop, list[Any]] = WeakKeyDictionary()


def _remember_loose_connections(dataflow: Any) -> None:
    """Closes what `DataFlow.initialize` opens to try the connection, and forgets.

    On PostgreSQL that is a connection, which is closed with its loop; on MariaDB a pool of a loop that is closed then.
    """
    if "_get_async_database_connection" in vars(dataflow):
        return
    connect, validate = dataflow._get_async_database_connection, dataflow._validate_database_connection

    async def connected() -> Any:
        connection = await connect()
        _loose.setdefault(asyncio.get_running_loop(), []).append(connection)
        return connection

    async def validated() -> Any:
        _loose.setdefault(asyncio.get_running_loop(), [])
        try:
            return await validate()
        finally:
            _end_connections_of_closed_loops()

    dataflow._get_async_database_connection = connected
    dataflow._validate_database_connection = validated


def _end_connections_of_closed_loops() -> None:
    """Ends aiomysql's connections that no loop can close any more, and that nobody knows any more."""
    module = sys.modules.get("aiomysql.connection")
    if module is None:
        return
    for connection in [each for each in gc.get_objects() if type(each) is module.Connection]:
        transport = connection._loop.is_closed() and connection._writer and connection._writer.transport
        if getattr(transport, "_sock", None) is not None:
            transport._sock.close()
            transport._sock, transport._closing, connection._writer = None, True, None


def close_sync_express(dataflow: Any) -> None:
    """Ends the thread of ``db.express_sync``, whose pool would go on connecting to a database that is gone.

    DataFlow makes another when it is used again.
    """
    express = getattr(dataflow, "_express_sync", None)
    if express is not None:
        dataflow._express_sync = None
        express.close()


async def close_pools_of_running_loop() -> None:
    """Closes the connection pools that Kailash shares among nodes in the running loop."""
    module = sys.modules.get("kailash.nodes.data.async_sql")
    if module is not None:
        await module.AsyncSQLDatabaseNode.clear_shared_pools(loop_id=id(asyncio.get_running_loop()))


def empty_caches(dataflow: Any) -> None:
    """Empties what the instance has cached of its database: ListNode's results and express's.

    In memory, or on a Redis, where only the keys of this database are deleted: DataFlow puts a
    fingerprint of the database into each key, and the kit's databases have names of their own.
    """
    query = getattr(dataflow, "_cache_integration", None)
    if query is not None:
        identity = query.key_generator.db_identity
        _empty_cache(query.cache_manager, f"{query.key_generator.prefix}:*:{identity}:*", identity)
    express = getattr(dataflow, "_express_dataflow", None)
    manager = getattr(express, "_cache_manager", None)
    if express is not None and manager is not None:
        keys = express._key_gen
        _empty_cache(manager, f"{keys.prefix}:*:{keys.express_db_instance}:*", keys.express_db_instance)


def _empty_cache(manager: Any, pattern: str, identity: str | None) -> None:
    in_memory = getattr(manager, "cache", None)
    if in_memory is not None:
        in_memory.clear()
    elif identity is not None:
        manager.redis_manager.clear_pattern(pattern)
