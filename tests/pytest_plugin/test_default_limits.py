"""Lists that a default limit cut, in the report of a failed test, in `UnexpectedStatus`, and as an error."""

from __future__ import annotations

import pytest
from inner_session import Project

API = """
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def items(given):
        builder = WorkflowBuilder()
        builder.add_node("ItemListNode", "items", given)
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(builder.build(), {})
        return results["items"]["records"]

    async def known(request):
        found = [item for item in await items({}) if item["name"] == request.path_params["name"]]
        return JSONResponse(found, 200 if found else 404)

    async def ten(request):
        return JSONResponse(await items({"limit": 10}))

    async def forgetful(request):
        db.express.create("Item", {"name": "x"})
        return JSONResponse({}, 500)

    app = Starlette(routes=[
        Route("/known/{name}", known), Route("/ten", ten), Route("/forgetful", forgetful, methods=["POST"])
    ])
"""
TESTS = """
    import pytest
    from kailash_testkit import Factory

    items = Factory("Item")

    async def test_report(api):
        await items.create_many(12, name="other")
        await items.create(name="tea")
        await api.get("/known/tea")
        assert (await api.get("/known/other")).status_code == 404

    async def test_status(api):
        await items.create(name="tea")
        await items.create_many(11, name="other")
        await api.expect(200).get("/known/tea")

    async def test_resource(api):
        await items.create_many(12)
        await api.resource("/known/item", model="Item").list()

    async def test_explicit(api):
        await items.create_many(12)
        assert len((await api.get("/ten")).json()) == 10

    async def test_exact(api):
        await items.create_many(9, name="other")
        await items.create(name="tea")
        await api.expect(200).get("/known/tea")

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    async def test_await(api):
        await api.expect(201).post("/forgetful")
"""
CUT = "ItemListNode returned 10 rows, its default limit; the table has "


@pytest.mark.slow
def test_what_was_cut_and_not_awaited_is_reported(shop: Project) -> None:
    shop.write({"shop/api.py": API, "tests/test_items.py": TESTS})
    outcome = shop.run()
    output = outcome.output
    assert output.count("test_explicit") == output.count("test_exact") == 0
    once = f"observed: {CUT}13, during GET /known/tea and 1 more"
    assert once in output.replace("\n  ", " "), "once, for both requests"
    assert f"E         {CUT}12" in output
    assert "E         express.create('Item', ...) was called and never awaited during POST" in output
    line = 1 + next(n for n, text in enumerate(API.strip().splitlines()) if "express.create" in text)
    assert f"/forgetful, in api.py:{line}" in output
    assert "2 passed" in output


@pytest.mark.slow
def test_it_may_be_an_error(shop: Project) -> None:
    shop.write({"shop/api.py": API, "tests/test_items.py": TESTS})
    shop.configure_more(testkit_default_limits="error")
    output = shop.run("-k", "report or explicit or exact").output
    assert f"DefaultLimitHit: GET http://testserver/known/tea: {CUT}13" in output
    assert "1 failed, 2 passed" in output


def test_another_setting_is_refused(shop: Project) -> None:
    shop.configure_more(testkit_default_limits="maybe")
    assert "use 'report' or 'error'" in shop.run().stderr
