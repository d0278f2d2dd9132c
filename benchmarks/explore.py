"""`kit.explore`: requests a second, and what of the time is the application's.

    python benchmarks/explore.py [rounds]

Orders behind FastAPI on SQLite, by `db.express`; each round explores all of it once, until enough was tried. In
processor time of all threads: what the application takes from its scope to its last message is its own, all else the
kit's: choosing and sending requests, judging them by the rows, and taking these back. An application that answers in
2 ms is what the target is about; the figure for it adds 2 ms to what the kit takes for a request.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from dataflow import DataFlow
from fastapi import FastAPI, HTTPException
from measuring import Figure, Target, report
from pydantic import BaseModel, Field

ANSWER = 2.0  # ms
LEAST = 100.0  # requests a second


class OrderIn(BaseModel):
    """What is sent to create and to replace an order."""

    customer: str = Field(min_length=1, max_length=40)
    note: str = Field("", max_length=200)
    quantity: int = Field(1, ge=0, le=1000)


class Timed:
    """The application with its processor time, in seconds."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.openapi = app.openapi
        self.seconds = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        started = time.process_time()
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                self.seconds += time.process_time() - started


def orders_of(db: Any) -> FastAPI:
    """Orders that are created, listed, read, replaced and deleted."""
    app = FastAPI()

    async def found(order_id: str) -> dict[str, Any]:
        row: dict[str, Any] | None = await db.express.read("Order", order_id, cache_ttl=0)
        if row is None:
            raise HTTPException(404, "no such order")
        return row

    @app.post("/orders", status_code=201)
    async def create(order: OrderIn) -> Any:
        return await db.express.create("Order", order.model_dump())

    @app.get("/orders")
    async def listed() -> Any:
        return await db.express.list("Order", limit=1000, cache_ttl=0)

    @app.get("/orders/{order_id}")
    async def read(order_id: str) -> Any:
        return await found(order_id)

    @app.put("/orders/{order_id}")
    async def replace(order_id: str, order: OrderIn) -> Any:
        await found(order_id)
        await db.express.update("Order", order_id, order.model_dump())
        return await found(order_id)

    @app.delete("/orders/{order_id}", status_code=204)
    async def delete(order_id: str) -> None:
        await found(order_id)
        await db.express.delete("Order", order_id)

    return app


async def explored(folder: Path, rounds: int) -> list[tuple[float, float, float]]:
    """For each round the requests a second, and the milliseconds of the application and of the kit for each."""
    from kailash_testkit import ApiClient, Kit

    db = DataFlow(f"sqlite:///{folder / 'explored.db'}", cache_enabled=False)

    @db.model
    class Order:
        customer: str
        note: str = ""
        quantity: int = 1

    found: list[tuple[float, float, float]] = []
    async with Kit(db) as kit:
        app = Timed(orders_of(db))
        async with ApiClient(app, kit=kit, raise_app_exceptions=False) as api:
            for turn in range(rounds + 1):
                app.seconds, started = 0.0, time.process_time()
                exploration = await kit.explore(api, seconds=600, seed=turn)
                taken, sent = time.process_time() - started, exploration.requests
                if turn:  # the first imports and prepares
                    own = 1000 * app.seconds / sent
                    found.append((sent / taken, own, 1000 * taken / sent - own))
    return found


def main(rounds: int) -> None:
    """Prints the figures."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(explored(Path(folder), rounds))
    paces, own, kits = (tuple(each) for each in zip(*found, strict=True))
    report(
        "kit.explore on SQLite, processor time",
        [
            Figure("requests, this application", "/s", paces),
            Figure("the application, each request", "ms", own),
            Figure("the kit, each request", "ms", kits, "the application, each request"),
            Figure(
                "requests, an answer in 2 ms",
                "/s",
                tuple(1000 / (kit + ANSWER) for kit in kits),
                target=Target(LEAST, of="value", at="least"),
            ),
        ],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
