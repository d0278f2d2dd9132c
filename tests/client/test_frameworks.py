"""Applications of other frameworks: Litestar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kailash_testkit.client import ApiClient
from kailash_testkit.errors import UnexpectedStatus

litestar = pytest.importorskip("litestar")
EVENTS: list[str] = []


@litestar.get("/orders/{order_id:int}")
async def read(order_id: int, state: litestar.datastructures.State) -> dict[str, Any]:
    return {"id": order_id, "pool": state.pool}


@litestar.post("/orders")
async def create(data: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, **data}


@litestar.get("/fail")
async def fail() -> None:
    raise LookupError("no stock")


@litestar.get("/stream")
async def stream() -> Any:
    async def parts() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    from litestar.response import Stream

    return Stream(parts())


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    EVENTS.append("up")
    app.state.pool = "open"
    yield
    EVENTS.append("down")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:litestar")
async def test_litestar() -> None:
    EVENTS.clear()
    app = litestar.Litestar([read, create, fail, stream], lifespan=[lifespan])
    async with ApiClient(app) as api:
        assert (await api.expect(200).get("/orders/7")).json() == {"id": 7, "pool": "open"}
        assert await api.resource("/orders").create({"n": 1}) == {"id": 1, "n": 1}
        assert (await api.get("/stream")).text == "ab"
        with pytest.raises(UnexpectedStatus, match="got 500"):
            await api.expect(200).get("/fail")
    assert EVENTS == ["up", "down"]
