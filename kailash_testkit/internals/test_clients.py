"""Requests of the clients that suites have: httpx with its ASGITransport, starlette's TestClient, what builds on them.

While somebody observes, the method ``send`` of httpx's two clients calls it; what it does and returns is as before.
`tests/internals/test_test_clients.py` has a test for each assumption. Only requests to an application in this process
are told of, and none of a client that tells by itself: that of the kit.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Final, Protocol

from kailash_testkit.import_hooks import ImportHook

_LIBRARIES: Final = ("httpx", "httpx2")
_IN_PROCESS: Final = frozenset({"ASGITransport", "_TestClientTransport"})
"""Transports that call an application in this process, which is their attribute ``app``."""


class Running(Protocol):
    """A request that runs."""

    def answered(self, response: Any, /) -> None:
        """The response is there."""
        ...


Begin = Callable[[Any, object], AbstractContextManager[Running] | None]
"""Gets the request and the application when a request starts; None where it is none of the test's."""


class TestClients:
    """Tells of requests from `start` to `stop`."""

    __test__ = False

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._replaced: list[tuple[Any, Any]] = []
        self._hooks: list[ImportHook] = []

    def start(self) -> None:
        """Begins; a library that is not imported yet is observed once it is."""
        for name in _LIBRARIES:
            module = sys.modules.get(name)
            if module is None:
                self._hooks.append(ImportHook(name, after=self._replace))
            else:
                self._replace(module)

    def stop(self) -> None:
        """Ends it; httpx is as it was. Idempotent."""
        while self._hooks:
            self._hooks.pop().remove()
        while self._replaced:
            client, send = self._replaced.pop()
            client.send = send

    def _replace(self, library: ModuleType) -> None:
        for client, wrapped in ((library.Client, self._synchronous), (library.AsyncClient, self._asynchronous)):
            send = client.send
            self._replaced.append((client, send))
            client.send = functools.wraps(send)(wrapped(send))

    def _synchronous(self, send: Any) -> Any:
        def observed(client: Any, request: Any, **options: Any) -> Any:
            with self._running(client, request) as running:
                response = send(client, request, **options)
                if running is not None:
                    running.answered(response)
                return response

        return observed

    def _asynchronous(self, send: Any) -> Any:
        async def observed(client: Any, request: Any, **options: Any) -> Any:
            with self._running(client, request) as running:
                response = await send(client, request, **options)
                if running is not None:
                    running.answered(response)
                return response

        return observed

    def _running(self, client: Any, request: Any) -> AbstractContextManager[Running | None]:
        transport = client._transport_for_url(request.url)
        is_in_process = any(kind.__name__ in _IN_PROCESS for kind in type(transport).__mro__)
        begun = self._begin(request, transport.app) if is_in_process else None
        return contextlib.nullcontext() if begun is None else begun
