"""What is known of an application's routes, also of routers that FastAPI includes and of what is mounted."""

from __future__ import annotations

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from kailash_testkit.asgi.routes import listed_routes, no_route, template


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


@pytest.mark.parametrize(
    ("method", "path", "declared"),
    [
        ("GET", "/api/v1/shop/items", "/api/v1/shop/items"),
        ("DELETE", "/api/v1/shop/items/7", "/api/v1/shop/items/{n}"),
        ("DELETE", "/api/v1/shop/items/7/lines", None),
        ("GET", "/api/v1/shop/items/7", None),
        ("GET", "/inner/health", "/inner/health"),
        ("GET", "/files/a/b.txt", "/files/{rest:path}"),
    ],
)
def test_the_route_of_a_request(method: str, path: str, declared: str | None) -> None:
    app = application()
    app.add_api_route("/files/{rest:path}", nothing, methods=["GET"])
    assert template(app, method, path) == declared
