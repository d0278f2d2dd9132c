"""Everything that reaches into Kailash Nexus beyond its documented API.

A new release that changes what is used here breaks this module and no other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, cast

from kailash_testkit.errors import ConfigurationError

WITHOUT_RECORD: Final = {"X-Durable": "false"}
"""The headers of a request that Nexus neither records nor answers from a record."""

# The envelope of an answer from the record. Its content is the first answer, as text.
_ENVELOPE: Final = frozenset({"data", "status_code", "headers", "cached", "cache_age_seconds"})
_TELLTALE: Final = b'"cache_age_seconds"'


def is_nexus(candidate: object) -> bool:
    """Whether the object is a Nexus instance. Imports nothing: whoever has one has imported it."""
    kind = getattr(sys.modules.get("nexus"), "Nexus", None)
    return isinstance(kind, type) and isinstance(candidate, kind)


def fastapi_app(nexus: Any) -> Any:
    """The ASGI application of a Nexus. Raises `ConfigurationError` while it has none."""
    app = nexus.fastapi_app
    if app is None:
        raise ConfigurationError(
            "this Nexus has no ASGI application yet",
            why="it makes one when the first workflow or handler is registered",
            do="register what it serves (@app.handler, app.register) before the client is made",
        )
    return app


def recorded_age(content: bytes) -> float | None:
    """How old an answer from the durability record is, in seconds; None for any other response body."""
    if _TELLTALE not in content:
        return None
    try:
        body: object = json.loads(content)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    fields = cast("dict[str, Any]", body)
    return float(fields["cache_age_seconds"]) if fields.keys() >= _ENVELOPE and fields["cached"] is True else None


def forget_records(app: object) -> None:
    """Makes a Nexus forget which requests it has answered; nothing happens for another application."""
    if not is_nexus(app):
        return
    transport = getattr(app, "_http_transport", None)
    record = getattr(getattr(transport, "gateway", None), "_deduplicator", None)
    for name in ("_cache", "_idempotency_cache"):
        entries = getattr(record, name, None)
        if entries is not None:
            entries.clear()


def override(nexus: Any, dependency: Any, replacement: Any) -> AbstractContextManager[None]:
    """A block in which extracting handlers of a Nexus get the replacement."""
    return cast("AbstractContextManager[None]", nexus.dependency_overrides.override(dependency, replacement))


def outputs(body: Mapping[str, Any]) -> Any:
    """What a workflow returned: the output of its node, or of each node by its name where there are several."""
    found: object = body["outputs"]
    if not isinstance(found, Mapping):
        return found
    by_node = cast("Mapping[str, Any]", found)
    return next(iter(by_node.values())) if len(by_node) == 1 else by_node


def is_durable(app: object) -> bool:
    """Whether it is a Nexus that records requests and answers repeated ones from its record."""
    return is_nexus(app) and bool(getattr(app, "_enable_durability", True))


def handlers_of(nexus: Any) -> dict[str, Any]:
    """The functions of its handlers by name; None for a workflow, whose inputs nobody declares."""
    workflows: Mapping[str, Any] = getattr(nexus, "_workflows", None) or {}
    registry: Mapping[str, Any] = getattr(nexus, "_handler_registry", None) or {}
    handlers = {name: entry.get("handler") for name, entry in registry.items()}
    return {**dict.fromkeys(workflows), **handlers}


def is_own_route(route: Any) -> bool:
    """Whether a route of a Nexus' application is the user's, and none of those that Nexus has by itself."""
    home = str(getattr(getattr(route, "endpoint", None), "__module__", "") or "")
    return home.partition(".")[0] not in ("kailash", "nexus", "fastapi", "starlette", "")
