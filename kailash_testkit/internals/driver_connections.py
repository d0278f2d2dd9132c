"""Connections of asynchronous drivers whose event loop was closed before them.

Nothing can await their closing any more, and the server would count them until the process ends.
"""

from __future__ import annotations

import gc
import sys
from typing import Any


def end_connections_of_closed_loops() -> None:
    """Closes the sockets of aiomysql's and asyncpg's connections that no loop can close any more."""
    drivers: list[Any] = [sys.modules.get("aiomysql.connection"), sys.modules.get("asyncpg.connection")]
    types = {driver.Connection for driver in drivers if driver is not None}
    for connection in [each for each in gc.get_objects() if type(each) in types]:
        if connection._loop.is_closed():
            _end(connection)


def _end(connection: Any) -> None:
    is_asyncpg = hasattr(connection, "_transport")
    transport = connection._transport if is_asyncpg else connection._writer and connection._writer.transport
    tls = getattr(transport, "_ssl_protocol", None)
    if tls is not None:
        transport = tls._transport
    if getattr(transport, "_sock", None) is not None:  # uvloop's have none: they are closed with their loop
        transport._sock.close()
        transport._sock, transport._closing = None, True
    if is_asyncpg:
        connection._aborted = True  # says that it is closed
    else:
        connection._writer = None
