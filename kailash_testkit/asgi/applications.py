"""What counts as an application: an ASGI callable, of ASGI 3 or 2, or a Nexus instance, whose application is found."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from kailash_testkit.asgi.protocol import AsgiApp, Receive, Scope, Send
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import nexus as nexus_internals
from kailash_testkit.signatures import signature_of
from kailash_testkit.text import truncate_repr

_ASGI_3: Final = 3  # called with scope, receive and send
_ASGI_2: Final = 1  # called with a scope, and what that gives with receive and send
_WSGI: Final = 2


class DoubleCallable:
    """An ASGI 2 application, in the form of ASGI 3: ``app(scope)`` gives what is called with receive and send."""

    def __init__(self, app: Callable[[Scope], Callable[[Receive, Send], Awaitable[None]]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["asgi"]["version"] = "2.0"
        await self._app(scope)(receive, send)


def asgi_app(app: object) -> AsgiApp:
    """The application in the form of ASGI 3: itself, that of a Nexus, or an ASGI 2 application behind an adapter.

    Raises `ConfigurationError` for what is none: a WSGI application, a function that makes an application.
    """
    if nexus_internals.is_nexus(app):
        return cast("AsgiApp", nexus_internals.fastapi_app(app))
    if not callable(app):
        raise ConfigurationError(
            f"{truncate_repr(app)} is not an ASGI application: it cannot be called",
            do="give the application itself, such as the FastAPI or Starlette object, or a Nexus instance",
        )
    accepted = _accepted(app)
    if accepted is None or _ASGI_3 in accepted:
        return cast("AsgiApp", app)
    if _ASGI_2 in accepted:
        return DoubleCallable(cast("Any", app))
    makes = 0 in accepted
    raise ConfigurationError(
        f"{truncate_repr(app)} is not an ASGI application: "
        + ("it is called without arguments" if makes else "it does not take scope, receive and send"),
        why="it makes an application, as it seems"
        if makes
        else ("a WSGI application takes two arguments, environ and start_response" if _WSGI in accepted else None),
        do="call it, and give what it returns"
        if makes
        else "wrap a WSGI application with a2wsgi.WSGIMiddleware; otherwise give the ASGI application itself",
    )


def _accepted(app: Callable[..., object]) -> set[int] | None:
    """With how many positional arguments it may be called; None when that cannot be told."""
    try:
        signature = signature_of(app)
    except (TypeError, ValueError):
        return None
    return {count for count in range(_ASGI_3 + 1) if _binds(signature, count)}


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
