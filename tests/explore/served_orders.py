"""A server of the application with orders, as somebody starts it in a process of its own.

python served_orders.py PORT FILE [FAULT]; "writes later" is a healthy one whose background tasks write.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

import uvicorn  # noqa: E402
from fastapi import BackgroundTasks, FastAPI  # noqa: E402
from orders_app import OrderIn, orders_app, register_orders  # noqa: E402
from sample_app import make_db  # noqa: E402

LATER = "writes later"


def writes_later(db: Any) -> FastAPI:
    app = FastAPI()

    async def later() -> None:
        await asyncio.sleep(0.005)
        await db.express.create("Customer", {"id": uuid.uuid4().hex, "name": "later"})

    @app.post("/orders", status_code=202)
    async def create(order: OrderIn, tasks: BackgroundTasks) -> None:
        tasks.add_task(later)

    @app.get("/orders")
    async def listed() -> Any:
        await asyncio.sleep(0.02)
        return await db.express.list("Order", limit=1000, cache_ttl=0)

    return app


if __name__ == "__main__":
    port, file, fault = sys.argv[1:]
    db = make_db(Path(file))
    register_orders(db)
    asyncio.run(db.create_tables_async())
    app = writes_later(db) if fault == LATER else orders_app(db, fault)
    uvicorn.run(app, port=int(port), log_level="critical")
