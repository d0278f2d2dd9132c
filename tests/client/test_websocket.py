"""WebSockets: what the test is told, the rows that a connection changed, and how a block ends."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket

from kailash_testkit import ApiClient, Kit, NothingReceived, SyncApiClient, WebSocketClosed, WebSocketDenied
from kailash_testkit import http_library as httpx
from kailash_testkit.asgi import websocket as of_app
from kailash_testkit.errors import (
    ConfigurationError,
    InsideEventLoop,
    LeftRunning,
    ProtocolViolation,
    UnexpectedResponse,
)

Handler = Callable[[WebSocket], Awaitable[None]]


def serving(handler: Handler, **options: Any) -> FastAPI:
    app = FastAPI(**options)
    app.websocket("/live")(handler)
    return app


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


async def test_rows_that_a_connection_changed_are_in_the_timeline(shop_kit: Kit) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        await shop_kit.create("Order")
        await socket.send_text("stored")

    shop_kit.timeline.clear()
    async with ApiClient(serving(handler), kit=shop_kit) as api, api.websocket("/live?token=s3cret") as socket:
        await shop_kit.create("Order")
        await socket.send_text("go")
        await socket.receive_text()
    (connection,) = shop_kit.timeline
    assert str(connection) == "GET ws://testserver/live?token=*** -> 101"
    assert connection.task == "kailash_testkit WEBSOCKET /live"
    recorded, _ = shop_kit.sandbox.history()
    assert [connection.covers(change.seq) for change in recorded] == [True, True]


async def test_views_cookies_logins_and_the_lifespans_state_reach_the_application() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"pool": "open"}

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        headers = socket.headers
        await socket.send_json(
            [headers.get("authorization"), socket.cookies, socket.query_params["q"], socket.state.pool]
        )

    async with ApiClient(serving(handler, lifespan=lifespan), params={"q": "1"}) as api:
        view = api.authenticated("k3y").with_cookies({"a": "b"})
        async with view.websocket("/live") as socket:
            assert await socket.receive_json() == ["Bearer k3y", {"a": "b"}, "1", "open"]
        api.auth = ("me", "pw")
        async with api.websocket("/live") as socket:
            assert str((await socket.receive_json())[0]).startswith("Basic ")
        async with api.websocket("/live", auth=lambda request: request) as socket:
            assert (await socket.receive_json())[0] is None


async def test_an_exception_is_raised_where_the_test_next_waits_or_at_the_blocks_end() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        raise LookupError("no stock")

    async with ApiClient(serving(handler)) as api:
        with pytest.raises(LookupError, match="no stock") as waiting:
            async with api.websocket("/live") as socket:
                await socket.send_text("go")
                await socket.receive_text()
        assert "raised after the response to GET ws://testserver/live had begun" in waiting.value.__notes__[0]
        with pytest.raises(LookupError):
            async with api.websocket("/live") as socket:
                await socket.send_text("go")


async def test_what_the_application_does_after_the_disconnect_is_waited_for_and_its_failure_raised() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_text()
        finally:
            await asyncio.sleep(0.01)
            raise LookupError("could not log out")

    async with ApiClient(serving(handler)) as api:
        with pytest.raises(LookupError, match="could not log out"):
            async with api.websocket("/live"):
                pass


async def test_a_failure_of_the_test_is_not_hidden_by_one_of_the_application(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        raise LookupError("no stock")

    async with ApiClient(serving(handler)) as api:
        with pytest.raises(AssertionError, match="mine"):
            async with api.websocket("/live") as socket:
                await socket.send_text("go")
                raise AssertionError("mine")
    assert "GET ws://testserver/live: exception in the application" in caplog.text


async def test_a_handler_that_lets_out_the_disconnect_is_no_failure() -> None:
    async with ApiClient(serving(echo)) as api, api.websocket("/live") as socket:
        await socket.send_text("a")
        assert await socket.receive_text() == "a"


async def test_a_handler_that_does_not_look_is_cancelled_and_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.Event().wait()

    monkeypatch.setattr(of_app, "_GRACE", 0.02)
    with caplog.at_level(logging.WARNING):
        async with ApiClient(serving(handler)) as api:
            async with api.websocket("/live"):
                pass
            assert api.transport.running == set()
    assert "the application went on after its client had left, and was cancelled at" in caplog.text
    assert "await asyncio.Event().wait()" in caplog.text


async def test_a_handler_that_was_told_and_goes_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive()
        await asyncio.Event().wait()

    monkeypatch.setattr(of_app, "_GRACE", 0.01)
    async with ApiClient(serving(handler), timeout=0.05) as api:
        with pytest.raises(LeftRunning, match=r"goes on after the connection was closed\n  it is at .*Event") as raised:
            async with api.websocket("/live"):
                pass
        assert "it was told of the end, and was cancelled now" in str(raised.value)
        assert api.transport.running == set()


async def test_a_message_that_does_not_come_is_named_with_where_the_application_waits() -> None:
    async with ApiClient(serving(echo)) as api, api.websocket("/live") as socket:
        with pytest.raises(NothingReceived) as raised:
            await socket.receive_text(timeout=0.02)
    message = str(raised.value)
    assert message.startswith("GET ws://testserver/live: waited 0.02 s for a message, and the application sent nothing")
    assert "in echo: await socket.send_text(await socket.receive_text())" in message
    assert "why: it has read all that this client sent, and may wait for more" in message


async def test_an_application_that_does_not_answer_the_handshake_is_cancelled() -> None:
    async def handler(socket: WebSocket) -> None:
        await asyncio.Event().wait()

    async with ApiClient(serving(handler), timeout=0.02) as api:
        with pytest.raises(NothingReceived, match="to accept or refuse the connection"):
            async with api.websocket("/live"):
                pass
        assert api.transport.running == set()


async def test_a_refusal_has_the_response_and_says_what_a_server_makes_of_a_close() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.close(4001, "who are you?")

    async with ApiClient(serving(handler)) as api:
        with pytest.raises(WebSocketDenied, match=r"code 4001, 'who are you\?'\), of which a server makes") as denied:
            async with api.websocket("/live"):
                pass
        with pytest.raises(WebSocketDenied, match="refused the connection with 403"):
            async with api.websocket("/nowhere"):
                pass
    assert denied.value.response is not None
    assert denied.value.response.status_code == 403
    assert [request.status for request in api.timeline] == [403, 403]


async def test_a_message_of_another_kind_is_named() -> None:
    async with ApiClient(serving(echo)) as api, api.websocket("/live") as socket:
        await socket.send_text("no json")
        with pytest.raises(UnexpectedResponse, match="sent a message that is not JSON\n  sent: no json"):
            await socket.receive_json()
        await socket.send_text("text")
        with pytest.raises(UnexpectedResponse, match="sent text, and not bytes"):
            await socket.receive_bytes()
        with pytest.raises(ConfigurationError, match="text was given a bytes"):
            await socket.send_text(b"x")  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="cannot be sent"):
            await socket.close(1006)


async def test_bytes_in_place_of_text_are_named() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_bytes(await socket.receive_bytes())

    async with ApiClient(serving(handler)) as api, api.websocket("/live") as socket:
        await socket.send_json([1], binary=True)
        with pytest.raises(UnexpectedResponse, match=r"sent bytes, and not text\n  sent: b'\[1\]'"):
            await socket.receive_text()


async def test_messages_are_iterated_to_a_normal_end_and_no_further() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("a")
        await socket.close(int(socket.query_params["code"]))

    async with ApiClient(serving(handler)) as api:
        async with api.websocket("/live?code=1001") as socket:
            assert [message async for message in socket] == ["a"]
        async with api.websocket("/live?code=4000") as socket:
            with pytest.raises(WebSocketClosed, match="4000"):
                _ = [message async for message in socket]


async def test_a_login_may_be_a_pair_and_hooks_see_the_handshake() -> None:
    seen: list[str] = []

    async def hook(request: httpx.Request) -> None:
        seen.append(request.headers["upgrade"])

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.headers["authorization"])

    async with ApiClient(serving(handler), event_hooks={"request": [hook]}) as api:
        async with api.websocket("/live", auth=("me", "pw")) as socket:
            assert await socket.receive_text() == "Basic bWU6cHc="
        with pytest.raises(ConfigurationError, match="not the URL of a WebSocket"):
            async with api.websocket("ftp://testserver/live"):
                pass
    assert seen == ["websocket"]


async def test_without_a_timeout_messages_and_the_end_are_waited_for() -> None:
    ended: list[bool] = []

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.sleep(0.01)
        await socket.send_text("late")
        await asyncio.sleep(0.01)
        ended.append(True)

    async with ApiClient(serving(handler), timeout=None) as api:
        async with api.websocket("/live") as socket:
            assert await socket.receive_text() == "late"
        assert ended == [True]


ACCEPT: dict[str, object] = {"type": "websocket.accept"}
REFUSE: dict[str, object] = {"type": "websocket.http.response.start", "status": 401, "headers": []}


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        ([{**ACCEPT, "subprotocol": b"v1"}], "accepted with the subprotocol b'v1'"),
        ([REFUSE, REFUSE], "sent 'websocket.http.response.start' in its refusal"),
        ([REFUSE, {"type": "websocket.http.response.body"}], "a part of its refusal without a body"),
        ([REFUSE], "finished in the middle of its refusal"),
        ([ACCEPT, {"type": "websocket.send", "text": 7}], "sent 7 as a message"),
        ([ACCEPT, {"type": "websocket.send", "text": "\ud800"}], "half of a surrogate pair"),
        ([ACCEPT, {"type": "websocket.accept"}], "sent 'websocket.accept' on an open connection"),
        ([ACCEPT, {"type": "websocket.close", "code": 1000, "reason": "x" * 124}], "a str of at most 123 bytes"),
        ([ACCEPT, {"type": "websocket.close"}, {"type": "websocket.close"}], "after 'websocket.close'"),
        ([], "finished without accepting or refusing the connection"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_messages_that_no_server_sends_are_refused(messages: list[dict[str, object]], named: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            for message in messages:
                await send(message)

    async with ApiClient(app) as api:
        with pytest.raises(ProtocolViolation) as violation:
            async with api.websocket("/live") as socket:
                await socket.receive()
    assert named in str(violation.value)


async def test_bytes_of_any_kind_are_sent_and_a_return_value_is_named() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> object:
        if scope["type"] != "websocket":
            return None
        await send(ACCEPT)
        await send({"type": "websocket.send", "bytes": bytearray(b"ab")})
        await send({"type": "websocket.send", "bytes": memoryview(b"cd")})
        await send({"type": "websocket.close"})
        return "done"

    async with ApiClient(app) as api:
        with pytest.raises(ProtocolViolation, match="returned 'done', and not None"):
            async with api.websocket("/live") as socket:
                assert [await socket.receive_bytes(), await socket.receive()] == [b"ab", b"cd"]
                await socket.receive()


async def test_an_application_that_returns_without_closing_is_told_apart_from_one_that_closes() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        if await socket.receive_text() == "close":
            await socket.close(4000, "bye")

    async with ApiClient(serving(handler)) as api:
        for sent, code, text in (
            ("close", 4000, "closed the connection"),
            ("return", 1006, "returned without closing"),
        ):
            with pytest.raises(WebSocketClosed, match=text) as closed:
                async with api.websocket("/live") as socket:
                    await socket.send_text(sent)
                    await socket.receive_text()
            assert closed.value.code == code


async def test_what_cannot_be_sent_is_refused_as_on_a_server() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(1005)

    async with ApiClient(serving(handler)) as api:
        with pytest.raises(ProtocolViolation, match="closed with the code 1005"):
            async with api.websocket("/live") as socket:
                await socket.receive_text()


async def test_closing_the_client_ends_its_connections() -> None:
    async with ApiClient(serving(echo)) as api:
        connection = await api.transport.open_websocket(  # as a fixture that forgot the block would leave it
            api.build_request("GET", "ws://testserver/live"), []
        )
        assert len(api.transport.running) == 1
    assert api.transport.running == set()
    assert connection.closing is None


def test_without_await() -> None:
    with SyncApiClient(serving(echo)) as api:
        with api.authenticated("k3y").websocket("/live") as socket:
            socket.send_json({"a": 1})
            assert socket.receive_json() == {"a": 1}
            with pytest.raises(NothingReceived):
                socket.receive(timeout=0.01)
            socket.close(3000, "enough")
            assert (socket.close_code, socket.close_reason) == (3000, "enough")
        with pytest.raises(WebSocketDenied), api.websocket("/nowhere"):
            pass


def test_without_await_messages_are_iterated_and_failures_raised() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept(subprotocol="v1")
        await socket.send_text("a")
        await socket.send_bytes(b"b")
        await socket.close()
        raise LookupError("afterwards")

    with (
        SyncApiClient(serving(handler)) as api,
        pytest.raises(LookupError, match="afterwards"),
        api.websocket("/live", subprotocols=["v1", "v2"]) as socket,
    ):
        assert socket.subprotocol == "v1"
        assert list(socket) == ["a", b"b"]


async def test_without_await_inside_a_loop_is_refused() -> None:
    with pytest.raises(InsideEventLoop), SyncApiClient(serving(echo)).websocket("/live"):
        pass


@pytest.mark.parametrize("metadata", ["Name: websockets\nVersion: 14.2\n", None], ids=["too old", "missing"])
async def test_at_a_url_without_the_package_the_extra_is_named(
    metadata: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if metadata is None:
        monkeypatch.setattr(sys, "path", [])
    else:
        (tmp_path / "websockets-14.2.dist-info").mkdir()
        (tmp_path / "websockets-14.2.dist-info/METADATA").write_text(metadata)
        monkeypatch.syspath_prepend(tmp_path)
    async with ApiClient("http://127.0.0.1:1") as api:
        with pytest.raises(ConfigurationError, match=r"pip install 'kailash-testkit\[websockets\]'"):
            async with api.websocket("/live"):
                pass


async def test_at_a_url_where_nobody_listens() -> None:
    async with ApiClient("http://127.0.0.1:1") as api:
        with pytest.raises(httpx.ConnectError, match=r"ws://127\.0\.0\.1:1/live"):
            async with api.websocket("/live"):
                pass
