"""Prints where httpx.ASGITransport differs from uvicorn, for docs/asgi.md: ``python tests/asgi/parity_record.py``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from parity_probe import JOURNEYS, REQUESTS, BareProbe, observe

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.live import LiveServer
from kailash_testkit.client import ApiClient

Scenario = Callable[[httpx.AsyncClient, BareProbe], Awaitable[object]]


def scenarios() -> dict[str, Scenario]:
    """All of the parity suite, by name."""

    def of(request):
        return lambda client, probe: observe(request, client, probe)

    named = {request.name: of(request) for request in REQUESTS}
    return named | {journey.__name__.replace("_", " "): journey for journey in JOURNEYS}


async def seen_by(client: httpx.AsyncClient, probe: BareProbe, scenario: Scenario) -> object:
    async with client:
        try:
            async with asyncio.timeout(2):
                return await scenario(client, probe)
        except TimeoutError:
            return "hangs"
        except BaseException as error:
            return f"raises {type(error).__name__}"


async def compared() -> list[str]:
    """One line for each scenario that ends otherwise on httpx.ASGITransport than on uvicorn.

    Each runs in a task: what one sets in its context was not set by the application's import.
    """
    lines, ours = [], 0
    for name, scenario in scenarios().items():
        served = BareProbe()
        with LiveServer(served) as server:
            on_uvicorn = await asyncio.create_task(seen_by(httpx.AsyncClient(base_url=server.url), served, scenario))
            url = server.url
        probe = BareProbe()
        transport = httpx.ASGITransport(probe, raise_app_exceptions=False, client=("127.0.0.1", 1))
        there = await asyncio.create_task(
            seen_by(httpx.AsyncClient(transport=transport, base_url=url), probe, scenario)
        )
        own = BareProbe()
        here = await asyncio.create_task(
            seen_by(ApiClient(own, raise_app_exceptions=False, base_url=url), own, scenario)
        )
        ours += here != on_uvicorn
        if there != on_uvicorn:
            lines.append(f"- {name}: {short(there)} instead of {short(on_uvicorn)}")
    print(f"{len(scenarios())} scenarios; ApiClient differs in {ours}, httpx.ASGITransport in {len(lines)}")
    return lines


def short(seen: object) -> str:
    """What was observed, in a few words."""
    if isinstance(seen, tuple) and isinstance(seen[0], tuple) and len(seen[0]) == 3:
        (head, body, error), events = seen
        parts = [] if head is None else [str(head[0])]
        parts += [f"{len(body)} bytes"] if head is not None else []
        parts += [error] if error else []
        parts += [f"application saw {events}"] if events else []
        return ", ".join(parts) or "nothing"
    text = str(seen)
    return text if len(text) < 90 else f"{text[:90]}..."


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print("\n".join(asyncio.run(compared())))
