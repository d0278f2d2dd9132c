"""Checks the application's messages as a server does, and passes on what they carry."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from kailash_testkit.asgi.masking import request_line
from kailash_testkit.asgi.pipe import BodyPipe
from kailash_testkit.asgi.protocol import Message
from kailash_testkit.errors import ProtocolViolation

_WITHOUT_BODY = frozenset({204, 304})


class ResponseWriter:
    """The response as far as it was sent.

    request: the request that is answered.
    pipe: where the body goes.
    """

    def __init__(self, request: httpx.Request, pipe: BodyPipe) -> None:
        self.started = False
        self.complete = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.handled: BaseException | None = None
        self._request = request
        self._pipe = pipe
        self._bodyless = request.method == "HEAD"
        self._missing: int | None = None

    def write(self, message: Message, *, handled: BaseException | None) -> None:
        """Take one message of the application.

        message: what the application sent.
        handled: the exception that the application was handling while it sent it.

        Raises `ProtocolViolation` into the application where a server would raise.
        """
        kind = message["type"]
        expected = "http.response.body" if self.started else "http.response.start"
        if self.complete:
            raise self._violation(f"sent {kind!r} after its response was complete", "send one response per request")
        if kind != expected:
            raise self._violation(f"sent {kind!r} where {expected!r} has to come", "send the start, then the body")
        if self.started:
            self._write_body(bytes(message.get("body", b"")), more=message.get("more_body", False))
        else:
            self._start(message["status"], message.get("headers", ()), handled)

    def check_complete(self) -> None:
        """Raises `ProtocolViolation` when the application returned before its response was complete."""
        if not self.started:
            raise self._violation(
                "finished without sending a response",
                "await the response: `await response(scope, receive, send)`",
            )
        if not self.complete:
            raise self._violation(
                "finished in the middle of its response", "end the body with a message without `more_body`"
            )

    def _start(self, status: int, headers: Sequence[tuple[bytes, bytes]], handled: BaseException | None) -> None:
        self.headers = [(bytes(name), bytes(value)) for name, value in headers]
        self.status, self.handled, self.started = status, handled, True
        self._bodyless = self._bodyless or status in _WITHOUT_BODY
        declared = next((value for name, value in self.headers if name.lower() == b"content-length"), b"")
        if declared.isdigit() and not self._bodyless:
            self._missing = int(declared)

    def _write_body(self, body: bytes, *, more: bool) -> None:
        if self._missing is not None:
            self._missing -= len(body)
            if self._missing < 0:
                raise self._misfit("longer")
        if not self._bodyless:
            self._pipe.put(body)
        if self._missing and not more:
            raise self._misfit("shorter")
        self.complete = not more

    def _misfit(self, how: str) -> ProtocolViolation:
        return self._violation(
            f"sent a body {abs(self._missing or 0)} bytes {how} than its Content-Length",
            "leave Content-Length to the framework, or make it fit the body",
        )

    def _violation(self, what: str, do: str) -> ProtocolViolation:
        return ProtocolViolation(f"{request_line(self._request)}: the application {what}", do=do)
