"""`SyncApiClient`: what the asynchronous client does, without await."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, SyncApiClient
from kailash_testkit import http_library as httpx
from kailash_testkit.errors import ConfigurationError, InsideEventLoop, LifespanFailed, UnexpectedStatus

marker: contextvars.ContextVar[str] = contextvars.ContextVar("marker", default="unset")


class Shop:
    def __init__(self) -> None:
        self.events: list[str] = []
        self.notes: dict[int, Any] = {}
        handlers = [self.echo, self.seen, self.login, self.fails, self.late, self.ticks, self.moved, self.waits]
        routes = [Route(f"/{handler.__name__}", handler, methods=["GET", "POST"]) for handler in handlers]
        routes += [Route("/notes", self.create, methods=["POST"]), Route("/notes/{id:int}", self.note)]
        self.app = Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self.events.append("up")
        yield
        self.events.append("down")

    async def echo(self, request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def seen(self, request: Request) -> Response:
        context = marker.get()
        marker.set("request")
        names = ("authorization", "x-tag")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        return JSONResponse({"headers": headers, "cookies": dict(request.cookies), "context": context})

    async def login(self, request: Request) -> Response:
        response = PlainTextResponse("in")
        response.set_cookie("sid", request.query_params.get("sid", "1"))
        return response

    async def fails(self, request: Request) -> Response:
        raise LookupError("no stock")

    async def late(self, request: Request) -> Response:
        async def job() -> None:
            await asyncio.sleep(0.01)
            raise LookupError("no mail")

        return PlainTextResponse("accepted", background=BackgroundTask(job))

    async def ticks(self, request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            try:
                for number in range(10_000):
                    yield b"%d" % number
                    await asyncio.sleep(0.001)
            finally:
                self.events.append("stopped")

        return StreamingResponse(parts())

    async def moved(self, request: Request) -> Response:
        return RedirectResponse("/echo", status_code=307)

    async def waits(self, request: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    async def create(self, request: Request) -> Response:
        note = self.notes[len(self.notes) + 1] = {"id": len(self.notes) + 1, **(await request.json())}
        return JSONResponse(note, 201)

    async def note(self, request: Request) -> Response:
        return JSONResponse(self.notes[request.path_params["id"]])


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def api(shop: Shop) -> Iterator[SyncApiClient]:
    with SyncApiClient(shop.app) as api:
        yield api


def test_the_application_is_started_and_stopped(shop: Shop) -> None:
    with SyncApiClient(shop.app) as api:
        assert shop.events == ["up"]
        assert api.get("/seen").status_code == 200
    assert shop.events == ["up", "down"]


def test_a_client_of_a_module_has_several_blocks_and_is_used_between_them(shop: Shop) -> None:
    api = SyncApiClient(shop.app)
    for expected in (["up", "down"], ["up", "down"] * 2):
        with api:
            assert api.get("/seen").status_code == 200
        assert shop.events == expected
    assert api.get("/seen").status_code == 200  # starts it again
    with api:
        assert shop.events == [*["up", "down"] * 2, "up"]
    assert shop.events == ["up", "down"] * 3
    api.close()
    with pytest.raises(RuntimeError, match="the client has been closed"):
        api.get("/seen")


def test_transports_of_a_test_are_opened_and_closed_with_each_block(shop: Shop) -> None:
    class Other(httpx.MockTransport):
        def __enter__(self) -> Self:
            shop.events.append("opened")
            return self

        def close(self) -> None:
            shop.events.append("closed")

    other = Other(lambda request: httpx.Response(200, text="the other"))
    api = SyncApiClient(shop.app, mounts={"all://other": other, "all://none": None})
    for _ in range(2):
        with api:
            assert api.get("http://other/").text == "the other"
    assert shop.events == ["opened", "up", "closed", "down"] * 2


def test_without_with_the_first_request_starts_it_and_close_stops_it(shop: Shop) -> None:
    api = SyncApiClient(shop.app)
    assert shop.events == []
    assert api.post("/echo", content=b"a").text == api.post("/echo", content=b"a").text == "a"
    assert shop.events == ["up"]
    api.close()
    assert shop.events == ["up", "down"]


def test_what_tests_and_requests_set_in_the_context_stays_with_them(api: SyncApiClient) -> None:
    marker.set("test")
    assert [api.get("/seen").json()["context"] for _ in range(2)] == ["unset", "unset"]
    assert marker.get() == "test"


def test_cookies_are_those_of_one_client_whatever_sends_the_request(api: SyncApiClient) -> None:
    api.get("/login?sid=1")
    assert api.expect(200).get("/seen").json()["cookies"] == {"sid": "1"}
    api.expect(200).get("/login?sid=2")
    assert api.get("/seen").json()["cookies"] == {"sid": "2"}
    api.cookies.clear()
    assert api.expect(200).get("/seen").json()["cookies"] == {}


def test_views_send_more_and_change_nothing(api: SyncApiClient, shop: Shop) -> None:
    view = api.authenticated("k3y").with_headers({"X-Tag": "a"}).with_cookies({"b": "c"})
    for response in (view.get("/seen"), view.expect(200).get("/seen")):
        assert response.json()["headers"] == {"authorization": "Bearer k3y", "x-tag": "a"}
        assert response.json()["cookies"] == {"b": "c"}
    view.close()
    assert api.get("/seen").json()["headers"] == {}
    assert shop.events == ["up"]


def test_expectations(api: SyncApiClient) -> None:
    expected = api.expect(200)
    calls = [
        expected.get,
        expected.post,
        expected.put,
        expected.patch,
        expected.delete,
        expected.head,
        expected.options,
    ]
    statuses = []
    for call in calls:
        try:
            statuses.append(call("/echo").status_code)
        except UnexpectedStatus as failure:
            statuses.append(failure.status)
    assert statuses == [200, 200, 405, 405, 405, 200, 405]
    expected.get("/echo").close()
    with pytest.raises(UnexpectedStatus, match=r"(?s)expected 201, got 500 .*LookupError: no stock"):
        api.expect(201).get("/fails")
    with pytest.raises(ConfigurationError):
        api.expect(7)


def test_resources(api: SyncApiClient) -> None:
    notes = api.resource("/notes")
    created = notes.create({"text": "a"})
    assert notes.get(created["id"]) == {"id": 1, "text": "a"}
    with pytest.raises(UnexpectedStatus, match=r"DELETE http://testserver/notes/1: expected a success, got 405"):
        notes.delete(1)
    with pytest.raises(ConfigurationError, match="no place for the id"):
        api.resource("/notes", item_path="/note")


def test_exceptions_of_the_application_are_raised(api: SyncApiClient, shop: Shop) -> None:
    with pytest.raises(LookupError, match="no stock"):
        api.get("/fails")
    with pytest.raises(LookupError, match="no mail"):
        api.get("/late")
    with SyncApiClient(shop.app, raise_app_exceptions=False) as served:
        assert served.get("/fails").status_code == 500


def test_a_body_arrives_as_it_is_sent_and_a_client_that_leaves_is_noticed(api: SyncApiClient, shop: Shop) -> None:
    with api.stream("GET", "/ticks") as response:
        chunks = response.iter_raw()
        assert [next(chunks), next(chunks)] == [b"0", b"1"]
    for _ in range(1000):
        if "stopped" in shop.events:
            break
        api.get("/seen")
    assert "stopped" in shop.events


def test_bodies_of_every_kind_are_sent(api: SyncApiClient) -> None:
    threads = []

    def content() -> Iterator[bytes]:
        threads.append(threading.current_thread())
        yield marker.get().encode()
        marker.set("generator")
        yield b"!"

    marker.set("test")
    assert api.post("/echo", content=content()).text == "test!"
    assert api.expect(200).post("/echo", data={"a": "1"}).text == "a=1"
    assert "hello" in api.post("/echo", files={"f": ("n.txt", b"hello")}).text
    assert marker.get() == "test"
    with pytest.raises(ZeroDivisionError):
        api.post("/echo", content=(b"%d" % (1 // n) for n in (1, 0)))


def test_redirects_logins_and_hooks_are_those_of_httpx(shop: Shop) -> None:
    heard = []
    hooks = {
        "request": [lambda request: heard.append(request.url.path)],
        "response": [lambda response: response.read()],
    }
    with SyncApiClient(shop.app, auth=("ada", "pw"), event_hooks=hooks, follow_redirects=True) as api:
        assert api.post("/moved", content=b"x").text == "x"
        assert api.get("/seen").json()["headers"]["authorization"].startswith("Basic ")
        assert api.expect(200).get("/seen").json()["headers"]["authorization"].startswith("Basic ")
    assert heard == ["/moved", "/echo", "/seen", "/seen"]


def test_other_transports_can_be_mounted(shop: Shop) -> None:
    other = httpx.MockTransport(lambda request: httpx.Response(202, text="mail"))
    with SyncApiClient(shop.app, mounts={"http://mail": other}) as api:
        assert api.get("http://mail/").text == api.expect(202).get("http://mail/").text == "mail"
        assert api.post("/echo", content=b"shop").text == "shop"


def test_a_timeout_cancels_the_request(api: SyncApiClient) -> None:
    with pytest.raises(httpx.ReadTimeout, match="sent nothing for"):
        api.get("/waits", timeout=0.05)
    assert api.transport.running == set()


def test_threads_may_share_a_client(api: SyncApiClient) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: api.post("/echo", content=str(n)).text, range(20)))
    assert answers == [str(n) for n in range(20)]


async def test_inside_a_running_loop_it_says_what_to_use_instead(shop: Shop) -> None:
    api = SyncApiClient(shop.app)
    for call in (api.expect(200).get, api.get, api.resource("/notes").get):
        with pytest.raises(InsideEventLoop, match=r"await api.get\(\.\.\.\)"):
            call("/seen")
    with pytest.raises(InsideEventLoop), SyncApiClient(shop.app):
        pytest.fail("it was entered")
    assert (await asyncio.to_thread(api.get, "/seen")).status_code == 200
    await asyncio.to_thread(api.close)


def test_a_failed_startup_and_a_shutdown_without_end() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await asyncio.Event().wait()

    with (
        pytest.raises(LifespanFailed, match=r"it took longer than 0\.1 s"),
        SyncApiClient(app, shutdown_timeout=0.1),
    ):
        pass


def test_a_failure_of_the_block_is_told_before_that_of_the_shutdown() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "cannot flush"})

    with pytest.raises(LookupError, match="mine") as raised, SyncApiClient(app):
        raise LookupError("mine")
    (note,) = raised.value.__notes__
    assert note.startswith("and while the client was closed: ")
    assert "cannot flush" in note


def test_a_block_of_a_view_starts_and_stops_nothing(api: SyncApiClient, shop: Shop) -> None:
    with api.authenticated("k3y") as view:
        assert view.get("/seen").status_code == 200
    assert api.get("/seen").status_code == 200
    assert shop.events == ["up"]


async def test_both_clients_observe_the_same(shop: Shop) -> None:
    async with ApiClient(shop.app, base_url="http://shop", client=("a", 1)) as one:
        theirs = [(await one.get("/seen")).headers, (await one.post("/echo", json={"a": 1})).text]

    def synchronous() -> list[Any]:
        with SyncApiClient(shop.app, base_url="http://shop", client=("a", 1)) as other:
            return [other.get("/seen").headers, other.post("/echo", json={"a": 1}).text]

    assert await asyncio.to_thread(synchronous) == theirs
