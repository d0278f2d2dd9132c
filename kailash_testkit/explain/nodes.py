"""The nodes that the application runs during each request, and for which tenants."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.internals import observed_nodes
from kailash_testkit.internals.dataflow import current_tenant

_MOST: Final = 200  # requests


class NodeLog:
    """The nodes of one DataFlow that ran during the last requests. Observes from `start` to `stop`."""

    def __init__(self, dataflow: Any) -> None:
        self._dataflow = dataflow
        self._by_request: dict[TimedRequest, Counter[str]] = {}
        self._tenants: dict[TimedRequest, set[str]] = {}

    def start(self) -> None:
        """Begins to observe. Idempotent."""
        observed_nodes.observe_nodes(self._keep)

    def stop(self) -> None:
        """Ends it. Idempotent."""
        observed_nodes.ignore_nodes(self._keep)

    def clear(self) -> None:
        """Forgets all: another test begins."""
        self._by_request.clear()
        self._tenants.clear()

    def _keep(self, dataflow: Any, name: str) -> None:
        request = CURRENT.get(None)
        if request is None or dataflow is not self._dataflow:
            return
        if request not in self._by_request and len(self._by_request) == _MOST:
            oldest = next(iter(self._by_request))
            del self._by_request[oldest]
            self._tenants.pop(oldest, None)
        self._by_request.setdefault(request, Counter())[name] += 1
        tenant = current_tenant(dataflow)
        if tenant is not None:
            self._tenants.setdefault(request, set()).add(tenant)

    def of(self, request: TimedRequest) -> dict[str, int]:
        """How often each node ran during a request, in the order of their first time."""
        return dict(self._by_request.get(request, {}))

    def tenants_of(self, request: TimedRequest) -> set[str]:
        """The tenants to which the request was bound while its nodes ran."""
        return self._tenants.get(request, set())
