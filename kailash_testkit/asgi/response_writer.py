"""Checks the application's messages as a server does, and passes on what they carry."""

from __future__ import annotations

from typing import NoReturn, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi import wire_format
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.pipe import BodyPipe
from kailash_testkit.asgi.protocol import Message
from kailash_testkit.errors import ProtocolViolation
from kailash_testkit.text import truncate_repr

_WITHOUT_BODY = frozenset({204, 304})


class ResponseWriter:
    """The response as far as it was sent.

    request: the request that is answered.
    pipe: where the body goes.
    """

    def __init__(self, request: httpx.Request, pipe: BodyPipe) -> None:
        self.started = False
        """Whether the application began to answer, be it with something that cannot be sent."""
        self.begun = False
        """Whether status and headers are with the client."""
        self.complete = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.handled: BaseException | None = None
        self._request = request
        self._pipe = pipe
        self._is_head = request.method == "HEAD"
        self._missing: int | None = None
        self._refusal: ProtocolViolation | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the client has all of the response, which it may know before the application has ended it."""
        return self.complete or (self.begun and (self._is_head or self._missing == 0))

    def write(self, message: Message, *, handled: BaseException | None) -> None:
        """Take one message of the application.

        message: what the application sent.
        handled: the exception that the application was handling while it sent it.

        Raises `ProtocolViolation` into the application where a server would raise.
        """
        if self._refusal is not None:
            raise self._refusal
        kind = _type_of(message)
        if kind is None:
            raise self._violation(f"sent {truncate_repr(message)}, which has no type", 'send a dict with a "type"')
        expected = "http.response.body" if self.started else "http.response.start"
        if self.complete:
            raise self._violation(f"sent {kind!r} after its response was complete", "send one response per request")
        if kind != expected:
            raise self._violation(f"sent {kind!r} where {expected!r} has to come", "send the start, then the body")
        try:
            if self.started:
                self._write_body(message)
            else:
                self._start(message, handled)
        except wire_format.Refused as refused:
            self._refuse(refused.what, refused.do)

    def check_returned(self, result: object) -> None:
        """Raises `ProtocolViolation` when the application returned before its response was complete, or a value."""
        if self._refusal is not None:  # the application caught it, and went on
            raise self._refusal
        if result is not None:
            self.started = True  # a server closes the connection then
            raise self._violation(
                f"returned {truncate_repr(result)}, and not None",
                "return nothing: a response is sent, by `await send(...)` or `await response(scope, receive, send)`",
            )
        if not self.started:
            raise self._violation(
                "finished without sending a response",
                "await the response: `await response(scope, receive, send)`",
            )
        if not self.complete:
            raise self._violation(
                "finished in the middle of its response", "end the body with a message without `more_body`"
            )

    def _start(self, message: Message, handled: BaseException | None) -> None:
        self.started, self.handled = True, handled
        if "status" not in message:
            raise wire_format.Refused("sent 'http.response.start' without a status", 'give it: "status": 200')
        status = wire_format.checked_status(message["status"])
        headers = wire_format.checked_headers(message.get("headers", ()))
        length = wire_format.body_length(headers)
        self._missing = 0 if status in _WITHOUT_BODY else length
        self.status, self.headers, self.begun = status, headers, True

    def _write_body(self, message: Message) -> None:
        more = bool(message.get("more_body", False))
        if not self._is_head:
            body = wire_format.checked_body(message.get("body", b""), sized=self._missing is not None)
            if self._missing is not None:
                self._count(self._missing - len(body))
            self._pipe.put(body)
            if self._missing and not more:
                raise _misfit(self._missing, "shorter")
        self.complete = not more

    def _count(self, missing: int) -> None:
        if missing < 0 and self.status in _WITHOUT_BODY:
            raise wire_format.Refused(f"sent a body with the status {self.status}, which has none", "send none with it")
        if missing < 0:
            raise _misfit(-missing, "longer")
        self._missing = missing

    def _refuse(self, what: str, do: str) -> NoReturn:
        """What comes after it is refused, too: the connection is broken."""
        self._refusal = self._violation(what, do)
        raise self._refusal

    def _violation(self, what: str, do: str) -> ProtocolViolation:
        masker = Masker(self._request)
        return ProtocolViolation(f"{request_line(self._request)}: the application {masker.text(what)}", do=do)


def _type_of(message: object) -> object:
    try:
        return cast("Message", message)["type"]
    except (KeyError, TypeError, IndexError):
        return None


def _misfit(size: int, how: str) -> wire_format.Refused:
    return wire_format.Refused(
        f"sent a body {size} bytes {how} than its Content-Length",
        "leave Content-Length to the framework, or make it fit the body",
    )
