"""An application that writes down its lifespan and requests, and tests that send it some."""

from __future__ import annotations

API = """
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from shop.models import db

    def log(event):
        with open("events.txt", "a") as file:
            file.write(event + "\\n")

    @asynccontextmanager
    async def lifespan(app):
        await db.initialize()
        log("startup")
        yield
        log(f"shutdown, {await db.express.count('Item')} items")

    async def hello(request):
        log("request")
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)], lifespan=lifespan)
"""
TESTS = """
    import pytest

    async def test_that_fails(api):
        await api.get("/")
        await api.get("/")
        assert False

    async def test_that_requests_nothing(api):
        pass

    async def test_that_passes(api, testkit_api):
        assert testkit_api is api
        await api.expect(200).get("/")
"""
