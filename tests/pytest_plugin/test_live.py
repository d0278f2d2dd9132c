"""``--testkit-live``: the same tests against uvicorn."""

from __future__ import annotations

import pytest
from inner_session import Project
from lifespan_app import API, TESTS

from kailash_testkit.errors import LeftRunning

pytestmark = pytest.mark.slow

SUITE = """
    import pytest
    from kailash_testkit import Factory, UnexpectedStatus

    items = Factory("Item")

    @pytest.mark.parametrize("turn", range(3))
    async def test_rows_are_seen_and_undone(kit, api, turn):
        await items.create(name="seeded")
        with kit.changes() as changes:
            await api.expect(201).post("/items", json={"name": "posted"})
        changes.assert_only(items.created(name="posted"))
        assert len((await api.expect(200).get("/items")).json()) == 2

    async def test_messages(api):
        with pytest.raises(UnexpectedStatus, match="created Item"):
            await api.expect(200).post("/items", json={"name": "posted"})

    async def test_the_address(api, pytestconfig):
        live = pytestconfig.getoption("testkit_live")
        assert str(api.base_url).startswith("http://127.0.0.1:" if live else "http://testserver")

    @pytest.mark.parametrize("item", [1])
    async def test_resources(api, item):
        await items.create(name="a")
        assert await api.resource("/items", model="Item").list() == (await api.get("/items")).json()
"""


@pytest.mark.parametrize(
    ("loops", "arguments"), [("session", []), ("session", ["--testkit-live"]), ("function", ["--testkit-live"])]
)
def test_a_suite_runs_both_ways(shop: Project, loops: str, arguments: list[str]) -> None:
    shop.shop(asyncio_default_fixture_loop_scope=loops, asyncio_default_test_loop_scope=loops)
    shop.write({"tests/test_it.py": SUITE})
    shop.run(*arguments).assert_outcomes(passed=6)


BACKGROUND_API = """
    import asyncio, contextvars
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route
    from shop.models import db

    region = contextvars.ContextVar("region", default="unset")
    region.set("eu")

    @asynccontextmanager
    async def lifespan(app):
        region.set("start-up")
        yield

    async def late(request):
        what = request.query_params.get("what")

        async def work():
            await asyncio.sleep(30 if what == "hang" else 0.05)
            if what == "none":
                return
            await db.express.create("Item", {"name": region.get()})
            if what == "fail":
                raise LookupError("late")

        if what == "stream":
            async def parts():
                yield b"a"
                await asyncio.sleep(0.02)
                yield b"b"

            return StreamingResponse(parts(), background=BackgroundTask(work))
        return JSONResponse({}, 202, background=BackgroundTask(work))

    async def fail(request):
        await db.express.create("Item", {"name": "before the failure"})
        raise LookupError("at once")

    app = Starlette(routes=[Route("/late", late), Route("/fail", fail)], lifespan=lifespan)
"""
VERDICTS = """
    import asyncio
    import httpx, pytest
    from kailash_testkit import Factory, UnexpectedStatus

    items = Factory("Item")
    kinds = pytest.mark.parametrize("what", ["answer", "stream"])

    @kinds
    async def test_rows_of_a_background_task(kit, api, what):
        with kit.changes() as changes:
            await api.get("/late", params={"what": what})
        changes.assert_only(items.created(name="eu"))

    @kinds
    def test_rows_of_a_background_task_for_a_synchronous_client(kit, sync_api, what):
        with kit.changes() as changes:
            sync_api.get("/late", params={"what": what})
        changes.assert_only(items.created(name="eu"))

    async def test_behind_a_proxy(kit, api):
        with kit.changes() as changes:
            await api.get("/late", headers={"x-forwarded-for": "203.0.113.7"})
        changes.assert_only(items.created(name="eu"))

    async def test_several_at_a_time(kit, api):
        with kit.changes() as changes:
            await asyncio.gather(api.get("/late"), *(api.get("/late", params={"what": "none"}) for _ in range(5)))
        changes.assert_only(items.created(name="eu"))

    async def test_a_stream_that_is_read_to_its_end(kit, api):
        with kit.changes() as changes:
            async with api.stream("GET", "/late", params={"what": "stream"}) as response:
                assert b"".join([part async for part in response.aiter_bytes()]) == b"ab"
        changes.assert_only(items.created(name="eu"))

    async def test_a_background_task_that_fails(api):
        with pytest.raises(LookupError, match="late") as caught:
            await api.get("/late", params={"what": "fail"})
        assert "raised after the response to GET" in caught.value.__notes__[0]

    def test_one_that_fails_for_a_synchronous_client(sync_api):
        with pytest.raises(LookupError, match="late"):
            sync_api.get("/late", params={"what": "fail"})

    async def test_a_background_task_without_end(kit, api):
        with kit.changes() as changes, pytest.raises(httpx.ReadTimeout, match="goes on .a background task"):
            await api.get("/late", params={"what": "hang"}, timeout=0.3)
        changes.assert_none()

    async def test_without_a_timeout_it_is_waited_for_all_the_same(kit, api):
        with kit.changes() as changes:
            await api.get("/late", timeout=None)
        changes.assert_only(items.created(name="eu"))

    async def test_a_failure(kit, api):
        with kit.changes() as changes:
            await api.expect(500).get("/fail")
        changes.assert_only(items.created(name="before the failure"))
        with pytest.raises(UnexpectedStatus, match="created Item"):
            await api.expect(200).get("/fail")
"""


@pytest.mark.parametrize("arguments", [[], ["--testkit-live"]], ids=["in this process", "live"])
def test_verdicts_are_the_same_both_ways(shop: Project, arguments: list[str]) -> None:
    shop.write({"shop/api.py": BACKGROUND_API, "tests/test_it.py": VERDICTS})
    shop.run(*arguments).assert_outcomes(passed=12)


MOCKED_FIRST = """
    import httpcore, pytest

    def test_it(monkeypatch, request):
        def refuse(*_):
            raise AssertionError("mocked")

        for kind in (httpcore.AsyncHTTPConnection, httpcore.AsyncConnectionPool):
            monkeypatch.setattr(kind, "handle_async_request", refuse)
        request.getfixturevalue("sync_api").expect(200).get("/items")
"""


def test_a_mock_of_outgoing_http_that_begins_before_the_client_does_not_catch_it(shop: Project) -> None:
    """Mocks replace methods of httpcore's classes."""
    shop.write({"tests/test_it.py": MOCKED_FIRST})
    shop.run_anew("--testkit-live").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("lifespan", "starts"), [pytest.param("session", 1, id="session"), pytest.param("test", 3, id="test")]
)
def test_the_lifespan(shop: Project, lifespan: str, starts: int) -> None:
    shop.shop(testkit_lifespan=lifespan)
    shop.write({"shop/api.py": API, "tests/test_it.py": TESTS})
    shop.run("--testkit-live").result.assert_outcomes(passed=2, failed=1)
    assert shop.lines("events.txt").count("startup") == starts
    assert shop.lines("events.txt").count("shutdown, 0 items") == starts


def test_a_startup_that_fails(shop: Project) -> None:
    broken = API.replace('log("startup")', 'raise RuntimeError("no key")')
    shop.write({"shop/api.py": broken, "tests/test_it.py": "def test_it(api): pass\n"})
    outcome = shop.run("--testkit-live")
    outcome.result.assert_outcomes(errors=1)
    assert "startup failed: RuntimeError: no key" in outcome.explanation("ERROR at setup of test_it")


def test_a_startup_and_a_shutdown_without_end(shop: Project) -> None:
    endless = "import asyncio; await asyncio.Event().wait()"
    shop.shop(testkit_startup_timeout="0.5", testkit_shutdown_timeout="0.5", testkit_lifespan="test")
    both = "def test_it(api): pass\ndef test_more(api): pass\n"
    shop.write({"shop/api.py": API.replace('log("startup")', endless), "tests/test_it.py": both})
    outcome = shop.run("-p", "no:randomly", "--testkit-live")
    assert "not tried again in this session" in outcome.explanation("ERROR at setup of test_more")
    explanation = outcome.explanation("ERROR at setup of test_it")
    assert "startup failed: it took longer than 0.5 s and was cancelled" in explanation
    assert "shop/api.py:14 in lifespan: import asyncio; await asyncio.Event().wait()" in explanation
    shop.write({"shop/api.py": API.replace('log(f"shutdown', f'{endless}; log(f"shutdown')})
    explanation = shop.run("--testkit-live").explanation("ERROR at teardown of test_it")
    assert "shutdown failed: it took longer than 0.5 s and was cancelled" in explanation


def test_a_request_that_does_not_end_fails_the_test_that_left_it(shop: Project) -> None:
    slow = API.replace(
        'log("request")', 'import asyncio; log("request"); await asyncio.sleep(30 if request.url.query else 0)'
    )
    test = """
        import httpx, pytest

        async def test_slow(api):
            with pytest.raises(httpx.ReadTimeout):
                await api.get("/?slow", timeout=httpx.Timeout(30, read=0.2))

        async def test_next(api):
            await api.expect(200).get("/")
    """
    shop.write({"shop/api.py": slow, "tests/test_it.py": test})
    outcome = shop.run("--testkit-live")
    outcome.result.assert_outcomes(passed=2, errors=1)
    assert "left a request running in the server" in outcome.error("ERROR at teardown of test_slow")
    assert LeftRunning.__name__ in outcome.output
