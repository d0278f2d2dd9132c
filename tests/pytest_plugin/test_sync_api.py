"""The fixture ``sync_api``: synchronous tests on the application and the kit that asynchronous fixtures use."""

from __future__ import annotations

import pytest
from inner_session import Project

API = """
    import asyncio
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    def log(event):
        with open("events.txt", "a") as file:
            file.write(event + "\\n")

    @asynccontextmanager
    async def lifespan(app):
        await db.initialize()
        log("startup")
        await db.express.create("Item", {"name": "of the start-up"})
        yield
        log("shutdown")

    async def listed(request):
        return JSONResponse(await db.express.list("Item", limit=1000))

    async def created(request):
        await db.express.create("Item", await request.json())
        return JSONResponse({}, 201)

    async def later(request):
        async def job():
            await asyncio.sleep(0.1)
            await db.express.create("Item", {"name": "late"})
        request.app.state.job = asyncio.create_task(job())
        return JSONResponse({}, 202)

    app = Starlette(
        routes=[
            Route("/items", listed),
            Route("/items", created, methods=["POST"]),
            Route("/later", later, methods=["POST"]),
        ],
        lifespan=lifespan,
    )
"""

SUITE = """
    import unittest
    from concurrent.futures import ThreadPoolExecutor

    import pytest
    from kailash_testkit import Factory, InsideEventLoop, UnexpectedStatus

    items = Factory("Item")

    def names(api):
        return [item["name"] for item in api.expect(200).get("/items").json()]

    @pytest.mark.parametrize("turn", range(2))
    def test_rows_are_seen_and_undone(kit, sync_api, turn):
        items.create_sync(name="seeded")
        with kit.changes() as changes:
            sync_api.expect(201).post("/items", json={"name": "posted"})
        changes.assert_only(items.created(name="posted"))
        assert sorted(names(sync_api)) == ["of the start-up", "posted", "seeded"]
        seen = [(request.method, request.status, request.first < request.last) for request in kit.timeline]
        assert seen == [("POST", 201, True), ("GET", 200, False)]

    def test_messages_and_resources(sync_api):
        with pytest.raises(UnexpectedStatus, match="created Item"):
            sync_api.expect(200).post("/items", json={"name": "posted"})
        assert len(sync_api.resource("/items", model="Item").list()) == 2

    def test_work_left_in_the_background_ends_with_its_test(sync_api, pytestconfig):
        if not pytestconfig.getoption("testkit_live"):
            sync_api.expect(202).post("/later")

    @pytest.fixture
    def posted(sync_api):
        sync_api.expect(201).post("/items", json={"name": "by a fixture"})

    def test_synchronous_fixtures(posted, sync_api):
        assert sorted(names(sync_api)) == ["by a fixture", "of the start-up"]

    class TestUnittest(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def _clients(self, sync_api):
            self.api = sync_api

        def test_it(self):
            self.api.expect(201).post("/items", json={"name": "unit"})
            self.assertEqual(sorted(names(self.api)), ["of the start-up", "unit"])

    def test_threads(sync_api):
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(lambda n: sync_api.get("/later").status_code, range(6))) == [405] * 6
"""

MIXED = """
    import pytest
    from kailash_testkit import InsideEventLoop

    @pytest.fixture
    async def arranged(api):
        await api.expect(201).post("/items", json={"name": "by an asynchronous fixture"})

    @pytest.mark.parametrize("turn", range(2))
    def test_both_clients_in_one_test(arranged, sync_api, turn):
        rows = sync_api.expect(200).get("/items").json()
        assert sorted(row["name"] for row in rows) == ["by an asynchronous fixture", "of the start-up"]

    async def test_in_a_coroutine(api, sync_api):
        with pytest.raises(InsideEventLoop, match="await api.get"):
            sync_api.get("/items")
        assert (await api.get("/items")).status_code == 200
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lifespan", "arguments", "starts"),
    [
        pytest.param("session", [], 1, id="in this process"),
        pytest.param("test", [], 7, id="a lifespan per test"),
        pytest.param("session", ["--testkit-live"], 1, id="live"),
    ],
)
def test_synchronous_tests(shop: Project, lifespan: str, arguments: list[str], starts: int) -> None:
    shop.shop(testkit_lifespan=lifespan)
    shop.write({"shop/api.py": API, "tests/test_it.py": SUITE})
    shop.run(*arguments).assert_outcomes(passed=7)
    assert shop.lines("events.txt") == (["startup", "shutdown"] * starts)
    assert shop.left_behind() == []


@pytest.mark.parametrize("loops", ["session", "function"])
def test_an_application_that_an_asynchronous_fixture_called_is_not_started_again(shop: Project, loops: str) -> None:
    shop.shop(asyncio_default_fixture_loop_scope=loops, asyncio_default_test_loop_scope=loops)
    shop.write({"shop/api.py": API, "tests/test_it.py": MIXED})
    shop.run().assert_outcomes(passed=3)
    assert shop.lines("events.txt") == ["startup", "shutdown"] * (1 if loops == "session" else 3)


@pytest.mark.slow
def test_one_application_runs_at_a_time(shop: Project) -> None:
    shop.write({"shop/api.py": API, "tests/test_a.py": SUITE, "tests/test_b.py": MIXED, "tests/test_c.py": SUITE})
    shop.run("-p", "no:randomly", "--testkit-verify").assert_outcomes(passed=17)
    assert shop.lines("events.txt") == ["startup", "shutdown"] * 2  # in the kit's loop, then in the session's
