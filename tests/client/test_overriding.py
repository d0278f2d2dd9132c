"""Dependency overrides hold in their block, and only there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette

from kailash_testkit.client import ApiClient
from kailash_testkit.errors import ConfigurationError


def user() -> str:
    return "real"


def greeting(name: Annotated[str, Depends(user)]) -> str:
    return f"hello {name}"


def unused() -> str:
    return ""


app = FastAPI()
router = APIRouter(prefix="/more")


@app.get("/")
async def start(text: Annotated[str, Depends(greeting)]) -> str:
    return text


@router.get("/")
async def more(text: Annotated[str, Depends(greeting)]) -> str:
    return text


@pytest.fixture
async def api() -> AsyncIterator[ApiClient]:
    async with ApiClient(app) as client:
        yield client


async def test_a_function_or_a_value_replaces_a_dependency(api: ApiClient) -> None:
    with api.overriding(user, lambda: "other"):
        assert (await api.get("/")).json() == "hello other"
        with api.overriding(user, "nested"), api.authenticated("t").overriding(greeting, "hi"):
            assert (await api.get("/")).json() == "hi"
        assert (await api.get("/")).json() == "hello other"
    assert (await api.get("/")).json() == "hello real"


async def test_it_is_restored_after_an_exception(api: ApiClient) -> None:
    with pytest.raises(ZeroDivisionError), api.overriding(user, "other"):
        _ = 1 / 0
    assert app.dependency_overrides == {}


async def test_a_dependency_of_no_route_is_refused(api: ApiClient) -> None:
    with pytest.raises(ConfigurationError, match="no route depends on <function unused"), api.overriding(unused, 1):
        pass


async def test_a_router_that_is_included_has_dependencies_too() -> None:
    other = FastAPI()
    other.include_router(router)
    async with ApiClient(other) as api:
        with api.overriding(user, "other"):
            assert (await api.get("/more/")).json() == "hello other"


async def test_an_application_without_dependencies_is_refused() -> None:
    async with ApiClient(Starlette()) as api:
        with pytest.raises(ConfigurationError, match="has no dependencies"), api.overriding(user, 1):
            pass


async def test_an_application_below_middleware() -> None:
    class Middleware:
        def __init__(self, inner: Any) -> None:
            self.app = inner

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    async with ApiClient(Middleware(app)) as api:
        with api.overriding(user, "other"):
            assert (await api.get("/")).json() == "hello other"
