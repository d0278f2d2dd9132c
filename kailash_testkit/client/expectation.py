"""Requests whose status is checked where they are made."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Unpack

from kailash_testkit import http_library as httpx
from kailash_testkit import open_kits
from kailash_testkit.asgi.outcome import OUTCOME, RAISE_APP_EXCEPTIONS, Outcome
from kailash_testkit.asgi.timeline import TIMED
from kailash_testkit.changes import Changes
from kailash_testkit.client.failure_messages import broken_response, unexpected_status
from kailash_testkit.client.options import BodylessOptions, RequestOptions
from kailash_testkit.client.query_counts import check_response
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.queries import Queries
from kailash_testkit.queries.block import refuse_number

if TYPE_CHECKING:
    from kailash_testkit.isolation.recording import Recording
    from kailash_testkit.kit import Kit


class Expectation:
    """A client's requests, each of which has to be answered with one of the given statuses.

    An exception of the application counts as the 500 that it is to a client. One that no response tells of,
    such as a failed background task's, is raised.

    client: sends the requests.
    statuses: the accepted status codes.
    kit: tells what a request changed in the database, should it fail.
    queries: how many statements a request may run; None for any number.

    All methods take what the method of that name takes on `httpx.AsyncClient` and raise
    `errors.UnexpectedStatus`.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        statuses: tuple[int, ...],
        kit: Kit | None = None,
        /,
        *,
        queries: int | None = None,
    ) -> None:
        if not all(100 <= status <= 599 for status in statuses):
            raise ConfigurationError(f"expect{statuses} has no HTTP status", do="give codes from 100 to 599")
        self._client = client
        self._statuses = statuses
        self._kit = kit
        if queries is not None:
            refuse_number(queries, f"expect{statuses}, queries=")
        self._most_queries = queries

    def __repr__(self) -> str:
        return f"<expect{self._statuses}>"

    async def request(self, method: str, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a request with any method."""
        __tracebackhide__ = True
        if self._most_queries is None:
            return await self._request(method, url, **options)
        with Queries() as queries:
            response = await self._request(method, url, **options)
        check_response(queries, response, self._most_queries, getattr(self._client, "transport", None))
        return response

    async def _request(self, method: str, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        __tracebackhide__ = True
        options["extensions"] = {**(options.get("extensions") or {}), RAISE_APP_EXCEPTIONS: False}
        with self._recorded() as recordings:
            try:
                response = await self._client.request(method, url, **options)
            except httpx.RemoteProtocolError as broken:
                raise broken_response(broken, self._statuses, broken.__cause__, self._changes(recordings)) from None
            outcome: Outcome = response.extensions.get(OUTCOME, Outcome())
            if response.status_code not in self._statuses:
                raise unexpected_status(
                    response,
                    self._statuses,
                    outcome.exception,
                    self._changes(recordings),
                    getattr(self._client, "app", None),
                    [] if self._kit is None else self._kit.explainer.observed(response.request.extensions.get(TIMED)),
                )
        if outcome.exception is not None and not outcome.answered and response.status_code < 500:
            raise outcome.to_raise(response.request)
        return response

    @contextmanager
    def _recorded(self) -> Generator[list[tuple[Kit, Recording]], None, None]:
        """In the database of the client's kit, and in each other one under test."""
        kits = [] if self._kit is None else [self._kit, *open_kits.beside(self._kit)]
        by_database: dict[int, Kit] = {}
        for kit in kits:
            by_database.setdefault(id(kit.sandbox), kit)  # which several kits may share
        with ExitStack() as recording:
            yield [(kit, recording.enter_context(kit.sandbox.recordings.open())) for kit in by_database.values()]

    def _changes(self, recordings: list[tuple[Kit, Recording]]) -> list[Changes]:
        """What the request changed, by database; read only for a message."""
        return [Changes.of(recording, kit.store.models_by_table) for kit, recording in recordings]

    async def get(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a GET request."""
        __tracebackhide__ = True
        return await self.request("GET", url, **options)

    async def head(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a HEAD request."""
        __tracebackhide__ = True
        return await self.request("HEAD", url, **options)

    async def options(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send an OPTIONS request."""
        __tracebackhide__ = True
        return await self.request("OPTIONS", url, **options)

    async def delete(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a DELETE request."""
        __tracebackhide__ = True
        return await self.request("DELETE", url, **options)

    async def post(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a POST request."""
        __tracebackhide__ = True
        return await self.request("POST", url, **options)

    async def put(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a PUT request."""
        __tracebackhide__ = True
        return await self.request("PUT", url, **options)

    async def patch(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a PATCH request."""
        __tracebackhide__ = True
        return await self.request("PATCH", url, **options)
