"""The text of a failed status expectation: request, response, the server's traceback, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, sent_body
from kailash_testkit.asgi.routes import no_route, template
from kailash_testkit.asgi.tracebacks import exception_lines
from kailash_testkit.errors import UnexpectedStatus

if TYPE_CHECKING:
    from kailash_testkit.changes import Changes

_LONGEST_BODY = 1000
_MOST_BODY_LINES = 4
_LONGEST_LINE = 300
_MOST_CHANGES = 8  # lines

_ADVICE = {
    401: "send credentials: `api.authenticated(token)`",
    403: "check the permissions of the user whose credentials the request carries",
    404: "check path and method against the application's routes, and that the row exists",
    405: "check the method against the application's routes",
    409: "look for a row with the same unique value",
    422: "compare the request with the fields that the endpoint declares",
}


def unexpected_status(
    response: httpx.Response,
    expected: Sequence[int],
    exception: BaseException | None,
    changes: Sequence[Changes] = (),
    app: object = None,
    observed: Sequence[str] = (),
) -> UnexpectedStatus:
    """The error for a response with another status than expected.

    response: the response, read.
    expected: the accepted status codes.
    exception: what the application raised while it worked on the request, if anything.
    changes: what happened meanwhile in each database that is under test, if that is known.
    app: the application, whose routes are looked at. observed: what explains much: lists that a default limit cut,
        calls that were never awaited.
    """
    masker = Masker(response.request)
    got = f"{response.status_code} {response.reason_phrase}".rstrip()
    details = [
        *_redirects(response, masker),
        *_request_lines(response.request, masker),
        *_labelled("response:", response.content, response.headers, masker),
        *_server_lines(exception, masker),
        *_change_lines(changes, masker),
    ]
    missing = no_route(app, response.request) if response.status_code in (404, 405) and exception is None else None
    error = UnexpectedStatus(
        _headline(response.request, masker, expected, got),
        details=[*([masker.text(missing)] if missing else []), *details, *map(masker.text, observed)],
        do="check path and method against the application's routes" if missing else _advice(response, exception, app),
    )
    error.status, error.response, error.no_route = response.status_code, response, missing is not None
    return error


def broken_response(
    broken: httpx.RemoteProtocolError,
    expected: Sequence[int],
    exception: BaseException | None,
    changes: Sequence[Changes] = (),
) -> UnexpectedStatus:
    """The error for a response that the application did not finish."""
    masker = Masker(broken.request)
    details = [
        *_request_lines(broken.request, masker),
        *_server_lines(exception, masker),
        *_change_lines(changes, masker),
    ]
    got = masker.text(str(broken).partition(": ")[0])
    return UnexpectedStatus(
        _headline(broken.request, masker, expected, got),
        details=details,
        do="fix the exception that the server raised",
    )


def _headline(request: httpx.Request, masker: Masker, expected: Sequence[int], got: str) -> str:
    wanted = "a success" if len(expected) == 100 else " or ".join(str(status) for status in expected)
    return f"{request.method} {masker.url(request.url)}: expected {wanted}, got {got}"


def _redirects(response: httpx.Response, masker: Masker) -> list[str]:
    steps = [f"{step.request.method} {masker.url(step.request.url)} ({step.status_code})" for step in response.history]
    return [_cut(f"redirected from: {', '.join(steps)}")] if steps else []


def _request_lines(request: httpx.Request, masker: Masker) -> list[str]:
    content = sent_body(request)
    if content is not None:
        return _labelled("request: ", content, request.headers, masker) if content else []
    kind = request.headers.get("content-type", "").partition(";")[0]
    return [f"request:  ({', '.join(filter(None, ['streamed', kind]))})"]


def _server_lines(exception: BaseException | None, masker: Masker) -> list[str]:
    if exception is None:
        return []
    return [
        "server traceback, last frame last:",
        *(f"  {_cut(masker.text(line))}" for line in exception_lines(exception)),
    ]


def _change_lines(changes: Sequence[Changes], masker: Masker) -> list[str]:
    if not changes:
        return []
    if not any(changes):
        return ["the database did not change during the request"]
    lines = [_cut(masker.text(line)) for one in changes if one for line in str(one).splitlines()]
    more = [f"... {len(lines) - _MOST_CHANGES} more lines"] if len(lines) > _MOST_CHANGES + 1 else []
    shown = lines[:_MOST_CHANGES] if more else lines
    return ["changed in the database during the request:", *(f"  {line}" for line in [*shown, *more])]


def _labelled(label: str, content: bytes, headers: httpx.Headers, masker: Masker) -> list[str]:
    """At most `_MOST_BODY_LINES` lines; the first carries the label."""
    body = masker.body(content, headers.get("content-type", ""))
    lines = [line.rstrip() for line in body[:_LONGEST_BODY].splitlines() if line.strip()]
    shown = lines[:_MOST_BODY_LINES] or ["(blank)"]
    if len(body) > _LONGEST_BODY or len(lines) > _MOST_BODY_LINES:
        shown[-1] += f"... ({len(content)} bytes)"
    return [f"{label} {shown[0]}", *(f"  {line}" for line in shown[1:])]


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."


def _advice(response: httpx.Response, exception: BaseException | None, app: object) -> str:
    if exception is not None:
        return f"fix what raised {type(exception).__qualname__}; if it is meant, expect({response.status_code})"
    if response.has_redirect_location:
        return f"follow_redirects=True follows it to {Masker(response.request).text(response.headers['location'])}"
    route = template(app, response.request.method, response.request.url.path) if response.status_code == 404 else None
    if route is not None and "{" in route:
        return f"the route {route} answered it: look for the row, as by `await kit.explain(Model, id)`"
    default = f"look at the response; if it is right, expect({response.status_code})"
    return _ADVICE.get(response.status_code, default)
