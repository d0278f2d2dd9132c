"""The rows behind a path of an API, for synchronous code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kailash_testkit.client.resources import Resource
from kailash_testkit.concurrency.portal import Portal
from kailash_testkit.judge.bodies import Json, JsonList


class SyncResource:
    """`Resource` without ``await``: the same verbs, checks and errors.

    make: gives the resource, for the client as it is now.
    """

    def __init__(self, make: Callable[[], Resource], portal: Portal, /) -> None:
        self._text = repr(make())  # now, so that wrong options are refused where they are given
        self._make = make
        self._portal = portal

    def __repr__(self) -> str:
        return self._text

    def create(self, data: Mapping[str, object], /) -> Json:
        """POST ``data``; as `Resource.create`."""
        __tracebackhide__ = True
        return self._portal(self._make().create, data)

    def update(self, row_id: object, data: Mapping[str, object], /) -> Json:
        """PUT ``data``; as `Resource.update`."""
        __tracebackhide__ = True
        return self._portal(self._make().update, row_id, data)

    def patch(self, row_id: object, data: Mapping[str, object], /) -> Json:
        """PATCH ``data``; as `Resource.patch`."""
        __tracebackhide__ = True
        return self._portal(self._make().patch, row_id, data)

    def delete(self, row_id: object, /) -> None:
        """DELETE the row; as `Resource.delete`."""
        __tracebackhide__ = True
        self._portal(self._make().delete, row_id)

    def get(self, row_id: object, /, **params: Any) -> Json:
        """GET the row; as `Resource.get`."""
        __tracebackhide__ = True
        return self._portal(self._make().get, row_id, **params)

    def list(self, **params: Any) -> JsonList:
        """GET the collection, all of its pages; as `Resource.list`."""
        __tracebackhide__ = True
        return self._portal(self._make().list, **params)
