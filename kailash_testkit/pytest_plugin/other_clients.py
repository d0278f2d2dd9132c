"""Requests of other clients than the kit's, in its timeline: reports and the judge know them like its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from kailash_testkit.internals.test_clients import TestClients

if TYPE_CHECKING:
    from kailash_testkit.asgi.timeline import Running
    from kailash_testkit.kit import Kit


class OtherClients:
    """Observes them from `start` to `stop`. kit: whose timeline it is; None while there is none."""

    def __init__(self, kit: Callable[[], Kit | None]) -> None:
        self._kit = kit
        self._clients = TestClients(self._begin)

    def start(self) -> None:
        """Begins to observe."""
        self._clients.start()

    def stop(self) -> None:
        """Ends it. Idempotent."""
        self._clients.stop()

    def _begin(self, request: Any, app: object) -> AbstractContextManager[Running] | None:
        from kailash_testkit.asgi.timeline import CURRENT, TIMED

        kit = self._kit()
        is_own = TIMED in request.extensions  # of the kit's client, which tells by itself
        is_outgoing = CURRENT.get(None) is not None  # the application calls another one
        return None if kit is None or is_own or is_outgoing else _running(kit, request, app)


@contextmanager
def _running(kit: Kit, request: Any, app: object) -> Generator[Running, None, None]:
    from kailash_testkit.asgi.timeline import CURRENT, TIMED

    with kit.timeline.begin(request, app=app) as running:
        token = CURRENT.set(request.extensions[TIMED])
        try:
            yield running
        finally:
            CURRENT.reset(token)
