"""The application's answer to a WebSocket handshake: accepted, closed, or refused with a response."""

from __future__ import annotations

from typing import Final

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi import wire_format
from kailash_testkit.asgi.protocol import Headers, Message
from kailash_testkit.asgi.websocket_errors import Closing
from kailash_testkit.text import truncate_repr

_SWITCHING_PROTOCOLS: Final = 101
_FORBIDDEN: Final = 403  # what servers make of a close before the accept
_ANSWERS: Final = "websocket.accept, websocket.close, or websocket.http.response.start"


class Handshake:
    """What was answered so far.

    request: the client's part.
    """

    def __init__(self, request: httpx.Request) -> None:
        self.is_accepted = False
        self.is_complete = False
        self.close_before: Closing | None = None
        """The close in place of an accept, of which a client of a server learns nothing but the 403."""
        self._request = request
        self._status = 0
        self._headers: Headers = []
        self._body: list[bytes] = []

    @property
    def is_over(self) -> bool:
        """Whether the application began to answer."""
        return self._status != 0

    @property
    def is_refused(self) -> bool:
        """Whether the answer is no."""
        return self.is_over and not self.is_accepted

    def answer(self, message: Message) -> None:
        """Take one message of the application. Raises `Refused`."""
        kind = message.get("type")
        if self.is_complete:
            raise wire_format.Refused(f"sent {kind!r} after it refused the connection", "send nothing after it")
        if self.is_over:
            self._continue(message)
        elif kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self.close_before = _unsent_close(message)
            self._status, self.is_complete = _FORBIDDEN, True
        elif kind == "websocket.http.response.start":
            status = wire_format.checked_status(message.get("status"))
            self._headers = wire_format.checked_headers(message.get("headers", ()))
            self._status = status
        else:
            raise wire_format.Refused(f"sent {truncate_repr(kind)} before it accepted", f"send {_ANSWERS} first")

    def _accept(self, message: Message) -> None:
        headers = wire_format.checked_headers(message.get("headers", ()))
        subprotocol = message.get("subprotocol")
        if subprotocol:
            if not isinstance(subprotocol, str):
                raise wire_format.Refused(f"accepted with the subprotocol {truncate_repr(subprotocol)}", "send a str")
            headers.append((b"sec-websocket-protocol", subprotocol.encode("latin-1")))
        self._headers, self._status = headers, _SWITCHING_PROTOCOLS
        self.is_accepted = self.is_complete = True

    def _continue(self, message: Message) -> None:
        kind = message.get("type")
        if kind != "websocket.http.response.body":
            raise wire_format.Refused(
                f"sent {truncate_repr(kind)} in its refusal", "send websocket.http.response.body after the start"
            )
        if "body" not in message:
            raise wire_format.Refused("sent a part of its refusal without a body", 'give it: "body": b"", may be empty')
        self._body.append(wire_format.checked_body(message["body"], sized=False))
        self.is_complete = not message.get("more_body", False)

    @property
    def strange_subprotocol(self) -> str | None:
        """The subprotocol that was chosen, where the client did not offer it: clients break the connection off."""
        chosen = dict(self._headers).get(b"sec-websocket-protocol", b"").decode("latin-1")
        offered = self._request.headers.get("sec-websocket-protocol", "").split(", ")
        return None if not chosen or chosen in offered else chosen

    def response(self) -> httpx.Response:
        """The answer as a response that was read."""
        return httpx.Response(
            self._status, headers=self._headers, content=b"".join(self._body) or None, request=self._request
        )

    def server_error(self) -> httpx.Response:
        """The server's own answer, where the application gives none."""
        return httpx.Response(500, text="Internal Server Error", request=self._request)


def _unsent_close(message: Message) -> Closing:
    """A close before the accept, of which nothing is sent: FastAPI gives a list of errors as its reason."""
    code, reason = message.get("code", 1000), message.get("reason") or ""
    return Closing(
        code if isinstance(code, int) else 1000, reason if isinstance(reason, str) else truncate_repr(reason)
    )


def as_close(message: Message) -> Closing:
    """What a websocket.close says. Raises `Refused`."""
    code, reason = message.get("code", 1000), message.get("reason") or ""
    if not isinstance(code, int) or not is_sendable(code):
        raise wire_format.Refused(
            f"closed with the code {truncate_repr(code)}",
            "close with 1000 to 1003, 1007 to 1014, or 3000 to 4999; the others cannot be sent",
        )
    if not isinstance(reason, str) or len(reason.encode()) > LONGEST_REASON:
        raise wire_format.Refused(
            f"closed with the reason {truncate_repr(reason)}", f"give a str of at most {LONGEST_REASON} bytes"
        )
    return Closing(int(code), reason)


LONGEST_REASON: Final = 123  # bytes, of a control frame's 125


def is_sendable(code: int) -> bool:
    """Whether a close may be sent with that code (RFC 6455, and what was registered since)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
