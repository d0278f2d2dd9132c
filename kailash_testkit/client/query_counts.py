"""How many statements a request may run: whose they are, by how its client reaches the application."""

from __future__ import annotations

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.timeline import TIMED
from kailash_testkit.asgi.transport import AppTransport
from kailash_testkit.client.url_transport import UrlTransport
from kailash_testkit.queries import Queries
from kailash_testkit.queries.block import check_request


def check_response(queries: Queries, response: httpx.Response, most: int, transport: object) -> None:
    """Raises `TooManyQueries`, and `UnobservedQueries` where the request's statements cannot be told.

    queries: what ran meanwhile. transport: of the client. The kit's own server runs in a thread of this process.
    """
    __tracebackhide__ = True
    is_in_this_process = isinstance(transport, AppTransport | UrlTransport) and not transport.is_elsewhere
    check_request(queries, response.request.extensions.get(TIMED), most, in_this_process=is_in_this_process)
