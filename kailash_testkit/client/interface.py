"""What resources and calls of a Nexus need of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from kailash_testkit import http_library as httpx
    from kailash_testkit.asgi.timeline import Timeline
    from kailash_testkit.client.expectation import Expectation
    from kailash_testkit.kit import Kit


class Client(Protocol):
    """Sends requests whose status is checked; `ApiClient` is the one that tests have."""

    @property
    def kit(self) -> Kit | None:
        """The kit of the database behind the application, if there is one."""
        ...

    @property
    def timeline(self) -> Timeline:
        """The requests that it made."""
        ...

    def expect(self, status: int, /, *more: int, queries: int | None = None) -> Expectation:
        """A view whose requests raise `errors.UnexpectedStatus` for any other status."""
        ...

    def build_request(self, method: str, url: str, /, *, json: Any) -> httpx.Request:
        """A request that is not sent yet."""
        ...
