"""Requests of synchronous code whose status is checked where they are made."""

from __future__ import annotations

from typing import Unpack

from kailash_testkit import http_library as httpx
from kailash_testkit.client.expectation import Expectation
from kailash_testkit.client.options import BodylessOptions, RequestOptions
from kailash_testkit.concurrency.portal import Portal


class SyncExpectation:
    """`Expectation` without ``await``.

    All methods take what the method of that name takes on `httpx.Client` and raise `errors.UnexpectedStatus`.
    """

    def __init__(self, expectation: Expectation, portal: Portal, /) -> None:
        self._expectation = expectation
        self._portal = portal

    def __repr__(self) -> str:
        return repr(self._expectation)

    def request(self, method: str, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a request with any method."""
        __tracebackhide__ = True
        response = self._portal(self._expectation.request, method, url, **options)
        response.stream = httpx.ByteStream(response.content)  # so that it can be closed without await
        return response

    def get(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a GET request."""
        __tracebackhide__ = True
        return self.request("GET", url, **options)

    def head(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a HEAD request."""
        __tracebackhide__ = True
        return self.request("HEAD", url, **options)

    def options(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send an OPTIONS request."""
        __tracebackhide__ = True
        return self.request("OPTIONS", url, **options)

    def delete(self, url: httpx.URL | str, **options: Unpack[BodylessOptions]) -> httpx.Response:
        """Send a DELETE request."""
        __tracebackhide__ = True
        return self.request("DELETE", url, **options)

    def post(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a POST request."""
        __tracebackhide__ = True
        return self.request("POST", url, **options)

    def put(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a PUT request."""
        __tracebackhide__ = True
        return self.request("PUT", url, **options)

    def patch(self, url: httpx.URL | str, **options: Unpack[RequestOptions]) -> httpx.Response:
        """Send a PATCH request."""
        __tracebackhide__ = True
        return self.request("PATCH", url, **options)
