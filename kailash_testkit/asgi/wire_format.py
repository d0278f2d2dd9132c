"""What can be sent over HTTP/1.1: the status, headers and body of a response, and the headers of a request.

uvicorn is the judge. It has two implementations of HTTP, h11 and httptools, and which of them runs depends on what is
installed: what either refuses is refused here (tried with uvicorn 0.54, h11 0.16, httptools 0.9).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, cast

from kailash_testkit.asgi.protocol import Headers
from kailash_testkit.redaction import masked
from kailash_testkit.text import truncate_repr

_NAME: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
_ILLEGAL_IN_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ILLEGAL_IN_SENT_VALUE: Final = re.compile(rb"[\x00\n\r\v\f]")
_LENGTH: Final = re.compile(rb"[0-9]{1,20}")
_LARGEST_LENGTH: Final = 2**64 - 1
_STATUSES: Final = range(200, 600)
_OF_FRAMING: Final = frozenset({b"host", b"content-length", b"transfer-encoding"})
_MOST_KNOWN: Final = 1000
_LONGEST_KNOWN: Final = 200  # bytes


class Refused(Exception):
    """A server would not send this. what: ends a sentence that begins with "the application". do: the cure."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what = what
        self.do = do


def checked_status(status: object) -> int:
    """The status code of a response, as a plain int. Raises `Refused`."""
    if isinstance(status, int) and status in _STATUSES:
        return int(status)
    if isinstance(status, int) and 100 <= status < 200:
        raise Refused(
            f"sent {truncate_repr(status)} as the status of its response",
            "answer with a status from 200 to 599; informational responses are no answers, and ASGI has none",
        )
    raise Refused(
        f"sent {truncate_repr(status)} as the status of its response",
        "answer with an int from 200 to 599",
    )


def checked_headers(headers: object) -> Headers:
    """The headers of a response, names and values as bytes. Raises `Refused`."""
    pairs: Headers = []
    try:
        listed = list(cast("Iterable[Any]", headers))
    except TypeError:
        raise Refused(
            f"sent headers that are no list: {truncate_repr(headers)}", "send pairs of name and value, both bytes"
        ) from None
    for pair in listed:
        try:
            name, value = pair
        except (TypeError, ValueError):
            raise Refused(
                f"sent the header {truncate_repr(pair)}, which is no pair", "send pairs of name and value, both bytes"
            ) from None
        if type(name) is not bytes or type(value) is not bytes:
            name, value = _as_bytes(name, value)
        if (name, value) not in _legal_in_responses:
            _check_header(name, value)
            _legal_in_responses.add((name, value))
        pairs.append((name, value))
    return pairs


def _check_header(name: bytes, value: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise Refused(f"sent a header with the illegal name {name!r}", "use letters, digits and hyphens in it")
    if _ILLEGAL_IN_VALUE.search(value) or value != value.strip(b" \t"):
        raise Refused(
            f"sent the header {_shown(name)} with an illegal value: {_masked(name, value)}",
            "leave out line breaks, control characters, and spaces around it; encode what a user gave",
        )


def _as_bytes(name: object, value: object) -> tuple[bytes, bytes]:
    if isinstance(name, bytes | bytearray) and isinstance(value, bytes | bytearray | memoryview):
        return bytes(name), bytes(cast("bytes", value))
    wrong = value if isinstance(name, bytes | bytearray) else name
    raise Refused(
        f"sent the header {truncate_repr(name)} with {'a value' if wrong is value else 'a name'} "
        f"of type {type(wrong).__name__}",
        'send names and values as bytes: (b"x-name", "value".encode("latin-1"))',
    )


def body_length(headers: Headers) -> int | None:
    """How many bytes of body the headers of a response announce; None when they do not. Raises `Refused`."""
    announced: bytes | None = None
    encoded = False
    for name, value in headers:
        match name.lower():
            case b"content-length":
                if not _LENGTH.fullmatch(value):
                    raise Refused(
                        f"sent {truncate_repr(value)} as Content-Length", "leave it to the framework, or send a number"
                    )
                if announced not in (None, value):
                    raise Refused(
                        f"sent two Content-Length headers, {_shown(announced or b'')} and {_shown(value)}",
                        "send one, or leave it to the framework",
                    )
                announced = value
            case b"transfer-encoding":
                if encoded or value.lower() != b"chunked":
                    raise Refused(
                        "sent several Transfer-Encoding headers"
                        if encoded
                        else f"sent the Transfer-Encoding {truncate_repr(value)}",
                        "leave it to the server; a compressed body is announced by Content-Encoding",
                    )
                encoded = True
            case _:
                pass
    return None if announced is None or encoded else int(announced)


def checked_body(body: object, *, sized: bool) -> bytes:
    """A part of a response's body. sized: its length was announced, so that None is no empty body.

    Raises `Refused`.
    """
    if type(body) is bytes:
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))
    if not sized and not body:
        return b""  # servers look at its truth only
    raise Refused(f"sent a body of type {type(body).__name__}", "send bytes: encode text first")


def check_request(headers: Headers) -> bool:
    """Whether a server can tell where the body of a request ends; where it cannot, it answers 400.

    headers: with names in lower case. Raises `ValueError`, with the reason, for what no HTTP client sends.
    """
    hosts = 0
    lengths: set[bytes] = set()
    encodings: list[bytes] = []
    for pair in headers:
        name, value = pair
        if pair not in _legal_in_requests:
            _check_sent(name, value)
            _legal_in_requests.add(pair)
        if name not in _OF_FRAMING:
            continue
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            lengths.add(value)
        else:
            encodings.append(value.lower())
    if hosts > 1:
        raise ValueError("Found multiple Host: headers")
    for value in lengths:
        if not _LENGTH.fullmatch(value) or int(value) > _LARGEST_LENGTH:
            return False
    return len(lengths) < 2 and (not encodings or encodings == [b"chunked"])


def _check_sent(name: bytes, value: bytes) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"Illegal header name {name!r}")
    if _ILLEGAL_IN_SENT_VALUE.search(value) or value != value.strip(b" \t"):
        raise ValueError(f"Illegal header value {_masked(name, value)}")


class _Known(set[tuple[bytes, bytes]]):
    """Headers that were checked: most are sent again and again, and looking one up takes a tenth of the time."""

    def add(self, element: tuple[bytes, bytes], /) -> None:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        if len(element[1]) <= _LONGEST_KNOWN:
            super().add(element)


_legal_in_requests = _Known()
_legal_in_responses = _Known()


def _shown(text: bytes) -> str:
    return text.decode("latin-1")


def _masked(name: bytes, value: bytes) -> str:
    return truncate_repr(masked(_shown(name), _shown(value)))
