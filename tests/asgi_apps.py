"""Small ASGI callables that the tests of the client share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.outcome import OUTCOME, Outcome
from kailash_testkit.asgi.transport import AppTransport

Handler = Callable[[Any, Any, Any], Awaitable[None]]


async def start(send: Any, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def body(send: Any, content: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": more})


async def respond(send: Any, content: bytes = b"", status: int = 200) -> None:
    await start(send, status)
    await body(send, content)


def client_of(app: Handler, *, timeout: float | None = 5, **transport_options: Any) -> httpx.AsyncClient:
    """A plain httpx client over the transport, without lifespan."""
    transport = AppTransport(app, **transport_options)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=timeout)


def outcome_of(response: httpx.Response) -> Outcome:
    outcome = response.extensions[OUTCOME]
    assert isinstance(outcome, Outcome)
    return outcome
