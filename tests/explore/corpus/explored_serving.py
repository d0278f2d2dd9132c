"""The same orders behind each framework."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from explored_models import Refused
from explored_orders import OrderChange, OrderIn, OrderOut, OrderPage, Orders
from fastapi import FastAPI, Query
from litestar import Litestar, delete, get, patch, post, put
from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.exceptions import LitestarDeprecationWarning
from litestar.params import Parameter
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Serve = Callable[[Orders], Any]

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=10_000)]


def fastapi() -> FastAPI:
    """An application that answers refusals."""
    app = FastAPI()

    @app.exception_handler(Refused)
    async def refused(_: Request, refusal: Refused) -> JSONResponse:
        return JSONResponse({"detail": refusal.detail}, refusal.status)

    return app


def by_fastapi(orders: Orders) -> FastAPI:
    app = fastapi()

    @app.post("/orders", status_code=201, response_model=OrderOut)
    async def create(order: OrderIn) -> Any:
        return await orders.create(order)

    @app.get("/orders", response_model=OrderPage)
    async def page(limit: Limit = 20, offset: Offset = 0) -> Any:
        return await orders.page(limit, offset)

    @app.get("/orders/{order_id}", response_model=OrderOut)
    async def read(order_id: str) -> Any:
        return await orders.read(order_id)

    @app.put("/orders/{order_id}", response_model=OrderOut)
    async def replace(order_id: str, order: OrderIn) -> Any:
        return await orders.replace(order_id, order)

    @app.patch("/orders/{order_id}", response_model=OrderOut)
    async def change(order_id: str, change: OrderChange) -> Any:
        return await orders.change(order_id, change)

    @app.delete("/orders/{order_id}", status_code=204)
    async def remove(order_id: str) -> None:
        await orders.delete(order_id)

    return app


def litestar(handlers: list[Any]) -> Litestar:
    """An application that answers refusals; of how most write handlers, new releases warn."""

    def refused(_: LitestarRequest[Any, Any, Any], refusal: Refused) -> LitestarResponse[Any]:
        return LitestarResponse({"detail": refusal.detail}, status_code=refusal.status)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        return Litestar(handlers, exception_handlers={Refused: refused})


def by_litestar(orders: Orders) -> Litestar:
    @post("/orders")
    async def create(data: OrderIn) -> OrderOut:
        return OrderOut(**await orders.create(data))

    @get("/orders")
    async def page(
        limit: Annotated[int, Parameter(ge=1, le=100)] = 20, offset: Annotated[int, Parameter(ge=0, le=10_000)] = 0
    ) -> OrderPage:
        return OrderPage(**await orders.page(limit, offset))

    @get("/orders/{order_id:str}")
    async def read(order_id: str) -> OrderOut:
        return OrderOut(**await orders.read(order_id))

    @put("/orders/{order_id:str}")
    async def replace(order_id: str, data: OrderIn) -> OrderOut:
        return OrderOut(**await orders.replace(order_id, data))

    @patch("/orders/{order_id:str}")
    async def change(order_id: str, data: OrderChange) -> OrderOut:
        return OrderOut(**await orders.change(order_id, data))

    @delete("/orders/{order_id:str}")
    async def remove(order_id: str) -> None:
        await orders.delete(order_id)

    return litestar([create, page, read, replace, change, remove])


def by_starlette(orders: Orders) -> Starlette:
    """Without a description of its own; it is that of `by_fastapi`, see `described`."""

    async def collection(request: Request) -> Response:
        if request.method == "GET":
            limit, offset = (_number(request, name, default) for name, default in (("limit", 20), ("offset", 0)))
            if not (1 <= limit <= 100 and 0 <= offset <= 10_000):
                return JSONResponse({"detail": "no such page"}, 400)
            return JSONResponse(await orders.page(limit, offset))
        return JSONResponse(await orders.create(OrderIn.model_validate_json(await request.body())), 201)

    async def one(request: Request) -> Response:
        order_id, body = request.path_params["order_id"], await request.body()
        if request.method == "GET":
            return JSONResponse(await orders.read(order_id))
        if request.method == "PUT":
            return JSONResponse(await orders.replace(order_id, OrderIn.model_validate_json(body)))
        if request.method == "PATCH":
            return JSONResponse(await orders.change(order_id, OrderChange.model_validate_json(body)))
        await orders.delete(order_id)
        return Response(status_code=204)

    routes = [
        Route("/orders", collection, methods=["GET", "POST"]),
        Route("/orders/{order_id}", one, methods=["GET", "PUT", "PATCH", "DELETE"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: _refused, ValidationError: _invalid})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused(400, f"{name} is no number")
    return int(text)


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)
    return JSONResponse({"detail": refusal.detail}, refusal.status)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)
    return JSONResponse({"detail": "invalid"}, 400)


def described(serve: Serve) -> dict[str, Any] | None:
    """The description to be given beside an application that has none."""
    if serve is not by_starlette:
        return None
    found = by_fastapi(Orders(_NoDatabase())).openapi()
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)  # refusals have another form there
    return found


class _NoDatabase:
    """A description needs none."""

    express: Any = None


def by_nexus(orders: Orders) -> Any:
    """Handlers ``place_order``, ``show_order``, ``change_order`` and ``cancel_order``: an error is a 500 there."""
    from nexus import Nexus

    app: Any = Nexus(auto_discovery=False, enable_durability=False)

    async def place_order(customer_id: str, quantity: int, note: str = "") -> dict[str, Any]:
        return await answered(orders.create, customer_id=customer_id, quantity=quantity, note=note)

    async def answered(create: Callable[[OrderIn], Awaitable[Any]], **fields: Any) -> dict[str, Any]:
        created: dict[str, Any] = await create(OrderIn(**fields))
        return created

    async def show_order(order_id: str) -> dict[str, Any]:
        return await orders.read(order_id)

    async def change_order(order_id: str, quantity: int) -> dict[str, Any]:
        return await orders.change(order_id, OrderChange(quantity=quantity))

    async def cancel_order(order_id: str) -> dict[str, Any]:
        await orders.delete(order_id)
        return {"cancelled": order_id}

    for handler in (place_order, show_order, change_order, cancel_order):
        app.handler(handler.__name__, description=handler.__name__)(handler)
    return app
