"""What DataFlow and Kailash make in each event loop, and how it ends with that loop."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterable, Sequence
from threading import Lock, Thread
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from kailash_testkit.concurrency import loops
from kailash_testkit.internals.driver_connections import end_connections_of_closed_loops

_PATIENCE: Final = 2.0
"""Seconds that a pool may take to close its connections, as Kailash has it."""

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
        _close_with_loops(dataflow)
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

    def forget(self, closed: Sequence[asyncio.AbstractEventLoop]) -> None:
        """Lets go of what was made in loops that are closed: no longer connected, so that nobody warns of it."""
        ids = {id(loop) for loop in closed}
        current: _Entries = self._dataflow._async_sql_node_cache
        entries = [*current.items(), *(each for loop in closed for each in self._by_loop.pop(loop, {}).items())]
        for kind, (node, made_in) in entries:
            if made_in in ids:
                node._connected, node._adapter = False, None
                if kind in current and current[kind][0] is node:
                    del current[kind]
        for loop_id in ids:
            runtime = self._dataflow._loop_runtime_cache.pop(loop_id, None)
            if runtime is not None:
                runtime.close()

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
        end_connections_of_closed_loops()


def end_loop_of_express(dataflow: Any, loop: asyncio.AbstractEventLoop, thread: Thread) -> None:
    """Ends a loop that runs in a thread of its own, with what the instance made in it."""
    asyncio.run_coroutine_threadsafe(close_in_running_loop(dataflow), loop).result(_PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(_PATIENCE)
    loop.close()


_loose: WeakKeyDictionary[asyncio.AbstractEventLoop, list[Any]] = WeakKeyDictionary()
_made: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, _Entries]] = WeakKeyDictionary()
"""The SQL nodes of each loop, by the id of their DataFlow."""
_making = Lock()


def _close_with_loops(dataflow: Any) -> None:
    """Sees to it that what the instance makes in an event loop is closed with it, whoever keeps the loop.

    A loop gets its own node back also where loops run at the same time, as in threads of the application, and it does
    not go on with a pool that Kailash has closed meanwhile.
    """
    if "_get_or_create_async_sql_node" in vars(dataflow):
        return
    make = dataflow._get_or_create_async_sql_node
    registered: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
    current: _Entries = dataflow._async_sql_node_cache

    async def close() -> None:
        loop = asyncio.get_running_loop()
        registered.discard(loop)
        for kind, (node, _) in _made.get(loop, {}).pop(id(dataflow), {}).items():
            if kind not in current or current[kind][0] is not node:  # another loop's took its place
                await node.cleanup()
        await close_in_running_loop(dataflow)

    def made(*arguments: Any, **keywords: Any) -> Any:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nothing is connected yet
            return make(*arguments, **keywords)
        if loop not in registered:
            registered.add(loop)
            loops.on_close(close)
        with _making:
            own = _made.setdefault(loop, {}).setdefault(id(dataflow), {})
            current.update(own)
            _forget_closed_pools(node for node, _ in own.values())
            node = make(*arguments, **keywords)
            own.update({kind: entry for kind, entry in current.items() if entry[0] is node})
        return node

    dataflow._get_or_create_async_sql_node = made


def _forget_closed_pools(nodes: Iterable[Any]) -> None:
    """Lets SQL nodes connect again whose pool Kailash has closed under them.

    It closes pools that nobody used for five minutes, of any loop, and with a node the pools that this node made,
    whoever shares them. The nodes keep them: on PostgreSQL the next statement fails once and is repeated a second
    later, on MariaDB each one fails from then on.
    """
    for node in nodes:
        if getattr(getattr(node._adapter, "_pool", None), "_closed", False):
            shared: dict[str, tuple[Any, int]] = node._shared_pools
            if shared.get(node._pool_key, (None, 0))[0] is node._adapter:
                del shared[node._pool_key]
            node._connected, node._adapter = False, None


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
            end_connections_of_closed_loops()

    dataflow._get_async_database_connection = connected
    dataflow._validate_database_connection = validated


def forget_closed_loops(closed: Sequence[asyncio.AbstractEventLoop]) -> None:
    """Ends what instances and Kailash made in loops that were closed before it was, and that nothing can await."""
    ids = {id(loop) for loop in closed}
    module = sys.modules.get("kailash.nodes.data.async_sql")
    if module is not None:
        pools: dict[str, Any] = module.AsyncSQLDatabaseNode._shared_pools
        for key in [key for key in pools if key.partition("|")[0] in map(str, ids)]:
            del pools[key]
    for nodes in _at_work:
        nodes.forget(closed)
    for loop in closed:
        _loose.pop(loop, None)
        for entries in _made.pop(loop, {}).values():
            for node, _ in entries.values():
                node._connected, node._adapter = False, None
    end_connections_of_closed_loops()


async def close_pools_of_running_loop() -> None:
    """Closes the connection pools that Kailash shares among nodes in the running loop."""
    module = sys.modules.get("kailash.nodes.data.async_sql")
    if module is None:
        return
    node: Any = module.AsyncSQLDatabaseNode
    loop_id = id(asyncio.get_running_loop())
    if "loop_id" in inspect.signature(node.clear_shared_pools).parameters:
        await node.clear_shared_pools(loop_id=loop_id)
        return
    for key in [key for key in node._shared_pools if key.partition("|")[0] == str(loop_id)]:
        pool, _ = node._shared_pools.pop(key)
        await asyncio.wait_for(pool.disconnect(), _PATIENCE)
