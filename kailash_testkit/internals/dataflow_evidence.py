"""What Kailash and DataFlow show of their inside to whoever looks for the cause of a failure.

Beside `dataflow`, under the same rule: a new release that changes what is used here breaks the modules of this
folder and no other. Everything here only looks.
"""

from __future__ import annotations

import gc
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, cast
from urllib.parse import urlsplit

from kailash_testkit.internals.dataflow import is_dataflow
from kailash_testkit.internals.dataflow_caches import Cache, caches_of

FAILURE_LOGGERS: Final = ("dataflow.core.nodes", "dataflow.features.bulk", "kailash.runtime.async_local")
"""Where failed nodes are logged, as errors, also those that only report ``success: False``."""

_LOGGING_FRAMES: Final = (
    ("dataflow.core.nodes", "async_run"),
    ("dataflow.features.bulk", "bulk_"),
    ("kailash.runtime.", "_execute"),
)
_RAISED: Final = re.compile(r"Node '.*' failed after [\d.]+s: (?P<error>.*)", re.DOTALL)


@dataclass(frozen=True)
class FailedNode:
    """What is known of a node that failed. model: None where that could not be seen. values: its inputs."""

    model: str | None
    operation: str
    error: str
    values: Mapping[str, object]


def failed_node(record: logging.LogRecord) -> FailedNode | None:
    """The failure that a log record tells of, if it does; to be called while it is logged.

    The record has the error only. Which node failed is seen in the frame that logs it.
    """
    error = getattr(record, "error", None)
    if not isinstance(error, str):
        raised = _RAISED.search(record.getMessage())
        if raised is None:
            return None
        error = raised["error"]
    frame: FrameType | None = sys._getframe()  # pyright: ignore[reportPrivateUsage] - documented
    while frame is not None:
        module, function = str(frame.f_globals.get("__name__", "")), frame.f_code.co_name
        if any(module.startswith(logs) and function.startswith(how) for logs, how in _LOGGING_FRAMES):
            return _seen_in(frame.f_locals, function, error)
        frame = frame.f_back
    return FailedNode(None, "", error, {})


def _seen_in(names: Mapping[str, Any], function: str, error: str) -> FailedNode:
    node = names.get("node_instance", names.get("self"))
    model = names.get("model_name") or getattr(node, "model_name", None)
    operation = names.get("operation") or getattr(node, "operation", None) or function
    values: object = names.get("kwargs", names.get("inputs"))
    given: Mapping[str, object] = cast("Mapping[str, object]", values) if isinstance(values, Mapping) else {}
    return FailedNode(str(model) if model else None, str(operation), error, given)


def instances() -> list[Any]:
    """The DataFlow instances of this process that were not closed. Looks at every object there is: some 20 ms."""
    module = sys.modules.get("dataflow")
    found = [] if module is None else [each for each in gc.get_objects() if type(each) is module.DataFlow]
    return [each for each in found if not getattr(each, "_closed", False)]


def instance_behind_name(model: str) -> Any | None:
    """The DataFlow instance on which a node named by text works, such as ``"OrderCreateNode"``; it may be closed."""
    nodes = getattr(getattr(sys.modules.get("kailash.nodes.base"), "NodeRegistry", None), "_nodes", {})
    # The class closes over its instance; making a node to ask it could fail for a callable default.
    cells = getattr(getattr(nodes.get(f"{model}CreateNode"), "__init__", None), "__closure__", None) or ()
    return next((cell.cell_contents for cell in cells if is_dataflow(cell.cell_contents)), None)


class CachedReads:
    """What a DataFlow instance has cached of one model: the results of its ListNode and of express."""

    def __init__(self, dataflow: Any, model: str) -> None:
        self._model = model
        self._caches = caches_of(dataflow)

    @property
    def where(self) -> str:
        """Where they are kept, in words."""
        in_memory = all(cache.memory is not None for cache in self._caches)
        return "in this process's memory" if in_memory else "on a Redis, shared with other processes and runs"

    def entries(self) -> dict[str, Any]:
        """The cached results by key; looking at them changes none."""
        return {
            key: value
            for cache in self._caches
            for key, value in _all_in(cache)
            if {self._model, cache.database or self._model} <= set(key.split(":"))
        }

    def forget(self, keys: Iterable[str]) -> None:
        """Takes single results out."""
        for key in keys:
            for cache in self._caches:
                if cache.memory is None:
                    cache.manager.redis_manager.delete(key)
                else:
                    cache.memory.pop(key, None)


def _all_in(cache: Cache) -> list[tuple[str, Any]]:
    if cache.memory is not None:
        return [(str(key), entry[0]) for key, entry in cache.memory.items()]
    manager = cache.manager
    found = manager.redis_manager.redis_client.scan_iter(cache.pattern)
    keys = [key.decode() if isinstance(key, bytes) else str(key) for key in found]
    return [(key, manager.redis_manager.get(key)) for key in keys]


def rows_in(cached: object) -> list[Mapping[str, Any]] | None:
    """The rows of a cached result; None for one without rows, such as a count."""
    if isinstance(cached, Mapping):
        result = cast("Mapping[str, Any]", cached)
        return list(result["records"]) if "records" in result else [result]
    return list(cast("list[Mapping[str, Any]]", cached)) if isinstance(cached, list) else None


@dataclass(frozen=True)
class CacheSettings:
    """Whether a DataFlow caches the results of queries, and where it would look for a Redis."""

    enabled: bool
    host: str
    port: int

    @classmethod
    def of(cls, dataflow: Any) -> CacheSettings:
        """Those of an instance."""
        url = urlsplit(str(getattr(dataflow.config, "cache_redis_url", None) or ""))
        return cls(
            bool(getattr(dataflow.config, "enable_query_cache", False)), url.hostname or "localhost", url.port or 6379
        )
