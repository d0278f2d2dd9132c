"""What the probes of HTTP and of WebSockets share: an application of bare ASGI handlers, which note what they see."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

marker: contextvars.ContextVar[str] = contextvars.ContextVar("marker", default="unset")
Handler = Callable[..., Awaitable[None]]


class Handlers(dict[str, Handler]):
    """The handlers of a probe, by the first part of the path."""

    def add(self, function: Handler) -> Handler:
        """Registers the answer to ``/<name of the function>``; a decorator."""
        self[function.__name__] = function
        return function


class Probe:
    """An ASGI application that calls the handler which the path names, and has a lifespan with a state."""

    def __init__(self, handlers: Handlers, otherwise: Handler | None = None) -> None:
        self.events: list[Any] = []
        self._handlers = handlers
        self._otherwise = otherwise

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["shared"] = []
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        name = scope["path"].split("/")[1]
        await (self._handlers.get(name) or self._otherwise or self._handlers[name])(self, scope, receive, send)


def visit_state(scope: Any) -> list[str]:
    """Writes into the shared and the own part of the state; what it has then."""
    scope["state"]["shared"].append(1)
    scope["state"]["own"] = True
    return sorted(scope["state"])


async def eventually(probe: Any, count: int = 1) -> list[Any]:
    """What the application noted, which comes late from a thread."""
    for _ in range(6000):
        if len(probe.events) >= count:
            break
        await asyncio.sleep(0.005)
    return list(probe.events)
