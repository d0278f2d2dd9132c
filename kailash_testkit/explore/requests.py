"""A call as a client's request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kailash_testkit import http_library as httpx
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.calls import Call, NoBody, as_object
from kailash_testkit.internals.nexus import WITHOUT_RECORD, is_nexus
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient


def request_for(client: ApiClient, call: Call) -> httpx.Request:
    """The request, with the client's own headers and cookies."""
    headers = dict(call.headers)
    if is_nexus(client.app):
        headers.update(WITHOUT_RECORD)
    query = {name: value for name, value in call.query.items() if value is not None}
    content: bytes | None = None
    if not isinstance(call.body, NoBody):
        if call.media_type.endswith("urlencoded"):
            form = as_object(call.body) or {}
            return client.build_request(call.method, call.url(), params=_plain(query), headers=headers, data=form)
        content = json.dumps(call.body).encode()
        headers["content-type"] = call.media_type
    return client.build_request(
        call.method, call.url(), params=_plain(query) or None, headers=headers or None, content=content
    )


def _plain(query: Mapping[str, object]) -> dict[str, Any]:
    """The values of a query, which httpx takes as texts, numbers and lists of them."""
    found: dict[str, Any] = {}
    for name, value in query.items():
        found[name] = json.dumps(value) if isinstance(value, dict) else value
    return found


def no_server(client: ApiClient, last: str = "") -> ConfigurationError:
    """The error for a server at a URL that takes no connection. last: the last request that it took."""
    return ConfigurationError(
        f"no server answers at {redact(str(client.base_url))}",
        why=f"it did until {last}" if last else None,
        do="look at its output" if last else "start it before the exploration",
    )
