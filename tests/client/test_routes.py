"""What is known of an application's routes, also of routers that FastAPI includes and of what is mounted."""

from __future__ import annotations

import httpx
from fastapi import APIRouter, FastAPI

from kailash_testkit.client.routes import listed_routes, no_route


def nothing() -> None:
    """An endpoint."""


def application() -> FastAPI:
    items, version, mounted = APIRouter(prefix="/items"), APIRouter(prefix="/v1"), FastAPI(openapi_url=None)
    items.add_api_route("", nothing, methods=["GET"])
    items.add_api_route("/{n}", nothing, methods=["DELETE"])
    mounted.add_api_route("/health", nothing, methods=["GET"])
    version.include_router(items, prefix="/shop")
    app = FastAPI(openapi_url=None)
    app.include_router(version, prefix="/api")
    app.mount("/inner", mounted)
    return app


def test_routes_are_listed_with_their_whole_paths_and_methods() -> None:
    assert {path: set(methods) - {"HEAD"} for path, methods in listed_routes(application())} == {
        "/api/v1/shop/items": {"GET"},
        "/api/v1/shop/items/{n}": {"DELETE"},
        "/inner/health": {"GET"},
    }
    assert [*listed_routes(lambda scope, receive, send: None)] == []


def test_the_nearest_route_may_be_in_an_included_router() -> None:
    app = application()
    assert no_route(app, httpx.Request("GET", "http://testserver/api/v1/shop/items")) is None
    said = no_route(app, httpx.Request("GET", "http://testserver/api/v1/shop/item"))
    assert said == "no route of the application matches GET /api/v1/shop/item; the nearest is /api/v1/shop/items"
