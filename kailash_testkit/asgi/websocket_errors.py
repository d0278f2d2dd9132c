"""What a client of a WebSocket is told: by whom the connection was closed or refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.errors import NothingReceived, ProtocolViolation, WebSocketClosed, WebSocketDenied

ABNORMAL: Final = 1006
"""The code of a connection that ended without a close."""

NO_CODE: Final = 1005
"""What the application hears where its client broke off without a code."""

TOO_BIG: Final = 1009
"""The code with which a server answers a message that is too large."""

_LONGEST: Final = 300


@dataclass(frozen=True)
class Closing:
    """How a connection ended. by_client: this side closed it."""

    code: int
    reason: str
    by_client: bool = False

    def as_disconnect(self) -> dict[str, Any]:
        """The message for the application."""
        return {"type": "websocket.disconnect", "code": self.code, "reason": self.reason}


def closed(
    request: httpx.Request,
    closing: Closing,
    prefix: str,
    *,
    returned: bool,
    error: str | None,
    cause: BaseException | None,
) -> WebSocketClosed:
    """The connection is closed.

    prefix: what could not be done. returned: the application ended without a close. error: what it raised, in a line.
    """
    line, reason = request_line(request), Masker(request).text(closing.reason)
    said = f"code {closing.code}" + (f", {reason!r}" if reason else "")
    if closing.by_client:
        failure = WebSocketClosed(
            f"{line}: {prefix}this client has closed the connection ({said})",
            do="receive what you expect before socket.close(), and before the block ends",
        )
    elif error is not None:
        failure = WebSocketClosed(
            f"{line}: {prefix}the connection broke off ({said})",
            why=f"the application raised {error}",
            do="fix the application; ApiClient(app), without raise_app_exceptions=False, raises the exception itself",
        )
    elif returned:
        failure = WebSocketClosed(
            f"{line}: {prefix}the connection broke off ({said})",
            why="the application returned without closing it",
            do="await websocket.close() at the end of the handler",
        )
    else:
        failure = WebSocketClosed(
            f"{line}: {prefix}the application closed the connection ({said})",
            do="if it is meant: with pytest.raises(WebSocketClosed) as closed: ...; closed.value.code",
        )
    failure.code, failure.reason, failure.__cause__ = closing.code, closing.reason, cause
    return failure


def denied(response: httpx.Response, close_before: Closing | None) -> WebSocketDenied:
    """The application did not accept. close_before: its close, where that was its answer, and is known."""
    masker = Masker(response.request)
    shown = masker.body(response.content, response.headers.get("content-type", ""))[:_LONGEST]
    why = None
    if close_before is not None:
        reason = f", {masker.text(close_before.reason)!r}" if close_before.reason else ""
        why = (
            f"it closed the connection before accepting it (code {close_before.code}{reason}), of which a server makes "
            "a 403; frameworks do so where no WebSocket route has the path, or a dependency refuses"
        )
    failure = WebSocketDenied(
        f"{request_line(response.request)}: the application refused the connection with {response.status_code}",
        details=[f"response: {shown}"] if response.content else [],
        why=why,
        do="check the path, and what the handler checks before accept(); "
        "if it is meant: with pytest.raises(WebSocketDenied) as denied: ...; denied.value.response",
    )
    failure.response = response
    return failure


def broken_off(request: httpx.Request) -> httpx.ConnectError:
    """The application began to refuse the connection, and went no further."""
    return httpx.ConnectError(f"{request_line(request)}: the application broke off its refusal", request=request)


def strange_subprotocol(request: httpx.Request, chosen: str | None) -> ProtocolViolation:
    """The application accepted with a subprotocol that was not offered. chosen: which one, if that is known."""
    offered = request.headers.get("sec-websocket-protocol")
    return ProtocolViolation(
        f"{request_line(request)}: the application accepted with a subprotocol that was not offered"
        + (f": {chosen!r}" if chosen else ""),
        why=f"offered {'were ' + offered if offered else 'was none'}; a client, such as a browser, breaks off then",
        do='choose one of scope["subprotocols"], or none; to offer some: api.websocket(path, subprotocols=[...])',
    )


def nothing_received(
    request: httpx.Request, what: str, seconds: float, frames: list[str], *, may_wait_for_client: bool
) -> NothingReceived:
    """What was waited for did not come.

    what: what was waited for. frames: where the application waits. may_wait_for_client: it has all that was sent.
    """
    return NothingReceived(
        f"{request_line(request)}: waited {seconds:g} s {what}, and the application sent nothing",
        details=[f"it waits at {Masker(request).text(frame)}" for frame in frames],
        why="it has read all that this client sent, and may wait for more" if may_wait_for_client and frames else None,
        do="send what the handler waits for; or wait longer: socket.receive_text(timeout=...), "
        "ApiClient(app, timeout=...)",
    )
