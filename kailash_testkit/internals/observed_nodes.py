"""Observes the application's nodes: which run, and the lists that a default limit cut (ListNode's 10, express's 100).

The one place where the kit stands between DataFlow and itself: while somebody observes, six of its methods call it.
A node of DataFlow is told of when it begins, one that express makes for itself too; `RUNNING` says which one runs,
while that is asked for. A list is told of only where nobody gave a limit and further rows are known to match: DataFlow
is asked for the next one. `tests/internals/test_observed_nodes.py` has a test for each assumption.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from types import FrameType
from typing import Any, Final, NamedTuple, cast

from kailash_testkit.app_code import Site
from kailash_testkit.internals import callers
from kailash_testkit.internals.node_errors import RUNS_FOR_KIT
from kailash_testkit.internals.replacing import Replacements

NODE_LIMIT: Final = 10
EXPRESS_LIMIT: Final = 100
_GIVEN: Final = "_testkit_limit_given"


@dataclass(frozen=True)
class CutList:
    """A list that a default limit cut.

    source: ``OrderListNode`` or ``express.list``. limit: how many rows it returned. total: how many match in all; None
    where only that there are more is known. filtered: whether the list had a filter.
    """

    dataflow: Any
    model: str
    source: str
    limit: int
    total: int | None
    filtered: bool


class RunningNode(NamedTuple):
    """One run of a node of DataFlow.

    name: ``OrderListNode``. model: ``Order``. number: tells it from other runs. site: who asked for it.
    """

    name: str
    model: str
    number: int
    site: Site


RUNNING: Final[ContextVar[RunningNode | None]] = ContextVar("kailash_testkit_running_node", default=None)
"""The node of DataFlow that runs in this task, while `observe_runs` asks for it."""

Listener = Callable[[CutList], None]
NodeListener = Callable[[Any, str], None]
"""Gets the DataFlow instance, and the node's name, such as ``OrderCreateNode``."""

_listeners: list[Listener] = []
_node_listeners: list[NodeListener] = []
_run_listeners: list[object] = []
_replaced = Replacements()
_numbers: Final = count(1)


def observe(listener: Listener) -> None:
    """Calls the listener for each list that is cut, within the task that asked for it. Idempotent."""
    _begin(_listeners, listener)


def observe_nodes(listener: NodeListener) -> None:
    """Calls the listener for each node of DataFlow that the application runs, within its task. Idempotent."""
    _begin(_node_listeners, listener)


def observe_runs(asking: object) -> None:
    """Lets `RUNNING` say which node runs, and who asked for it, while somebody asks. Idempotent."""
    _begin(_run_listeners, asking)


def ignore(listener: Listener) -> None:
    """Ends it; with the last listener everything is as before. Idempotent."""
    _end(_listeners, listener)


def ignore_nodes(listener: NodeListener) -> None:
    """As `ignore`."""
    _end(_node_listeners, listener)


def ignore_runs(asking: object) -> None:
    """As `ignore`."""
    _end(_run_listeners, asking)


def _begin(listeners: list[Any], listener: Any) -> None:
    if listener in listeners:
        return
    listeners.append(listener)
    if not _replaced:
        _install()


def _end(listeners: list[Any], listener: Any) -> None:
    if listener in listeners:
        listeners.remove(listener)
    if not (_listeners or _node_listeners or _run_listeners):
        _replaced.undo()


def _install() -> None:
    base, asynchronous, express = (
        sys.modules.get(name)
        for name in ("kailash.nodes.base", "kailash.nodes.base_async", "dataflow.features.express")
    )
    if base is None or asynchronous is None or express is None:  # no DataFlow in this process
        return
    _replaced.wrap(base.Node, "__init__", _noting_limits)
    _replaced.wrap(asynchronous.AsyncNode, "execute_async", _observed_node)
    _replaced.wrap(express.DataFlowExpress, "_create_node", _told_of_express)
    _replaced.wrap(express.DataFlowExpress, "_execute_with_timing", _within_call)
    _replaced.wrap(express.DataFlowExpress, "list", _observed_express)
    _replaced.wrap(express.SyncExpress, "list", _observed_sync_express)


def _noting_limits(original: Any) -> Any:
    """A node's config has the defaults of what it was not given; only its constructor is told the difference."""

    def init(self: Any, *args: Any, **given: Any) -> None:
        original(self, *args, **given)
        if getattr(self, "operation", None) == "list":
            vars(self)[_GIVEN] = given.get("limit") is not None

    return init


def _observed_node(original: Any) -> Any:
    async def execute_async(self: Any, **inputs: Any) -> Any:
        if RUNS_FOR_KIT.get():
            return await original(self, **inputs)
        _tell_of_node(self)
        if not _run_listeners:
            result = await original(self, **inputs)
        else:
            token = RUNNING.set(_running(self, sys._getframe(1)))  # pyright: ignore[reportPrivateUsage] - documented
            try:
                result = await original(self, **inputs)
            finally:
                RUNNING.reset(token)
        if getattr(self, "operation", None) == "list":
            await _look_at_node(self, inputs, result)
        return result

    return execute_async


def _told_of_express(original: Any) -> Any:
    def create_node(self: Any, *args: Any, **options: Any) -> Any:
        node = original(self, *args, **options)
        if RUNS_FOR_KIT.get():
            return node
        _tell_of_node(node)
        if _run_listeners:  # until `_within_call` ends
            RUNNING.set(_running(node, sys._getframe(1)))  # pyright: ignore[reportPrivateUsage] - documented
        return node

    return create_node


def _within_call(original: Any) -> Any:
    """What express's methods run through, so that what they say of their node ends with them."""

    async def execute_with_timing(self: Any, *args: Any, **options: Any) -> Any:
        token = RUNNING.set(RUNNING.get())
        try:
            return await original(self, *args, **options)
        finally:
            RUNNING.reset(token)

    return execute_with_timing


def _running(node: Any, frame: FrameType) -> RunningNode | None:
    """What `RUNNING` says while it runs. frame: that of who asked for it."""
    if getattr(node, "dataflow_instance", None) is None:
        return None
    return RunningNode(type(node).__name__, str(getattr(node, "model_name", "")), next(_numbers), callers.caller(frame))


def _tell_of_node(node: Any) -> None:
    if _node_listeners and getattr(node, "dataflow_instance", None) is not None:
        for listener in [*_node_listeners]:
            listener(node.dataflow_instance, type(node).__name__)


async def _look_at_node(node: Any, inputs: Mapping[str, Any], result: Any) -> None:
    dataflow = getattr(node, "dataflow_instance", None)
    given = getattr(node, _GIVEN, True) or inputs.get("limit") is not None
    records = cast("Mapping[str, Any]", result).get("records") if isinstance(result, Mapping) else None
    if dataflow is None or given or not isinstance(records, list) or len(cast("list[Any]", records)) != NODE_LIMIT:
        return
    asked: dict[str, Any] = {**node.config, **inputs}
    _tell(await _cut(dataflow, str(node.model_name), f"{node.model_name}ListNode", NODE_LIMIT, asked))


def _observed_express(original: Any) -> Any:
    signature = inspect.signature(original)

    async def listed(self: Any, *args: Any, **options: Any) -> Any:
        result = await original(self, *args, **options)
        asked = dict(signature.bind(self, *args, **options).arguments)
        if "limit" not in asked and len(result) == EXPRESS_LIMIT and not RUNS_FOR_KIT.get():
            _tell(await _cut(self._db, str(asked["model"]), "express.list", EXPRESS_LIMIT, asked))
        return result

    return listed


def _observed_sync_express(original: Any) -> Any:
    """Gives `DataFlowExpress.list` all of its arguments, in a thread of its own."""
    signature = inspect.signature(original)

    def listed(self: Any, *args: Any, **options: Any) -> Any:
        result = original(self, *args, **options)
        asked = dict(signature.bind(self, *args, **options).arguments)
        if "limit" not in asked and len(result) == EXPRESS_LIMIT:
            model, dataflow = str(asked["model"]), self._express._db
            _tell(self._run_sync(_cut(dataflow, model, "express_sync.list", EXPRESS_LIMIT, asked)))
        return result

    return listed


def _tell(cut: CutList | None) -> None:
    for listener in [*_listeners] if cut is not None else ():
        listener(cast("CutList", cut))


async def _cut(dataflow: Any, model: str, source: str, limit: int, asked: Mapping[str, Any]) -> CutList | None:
    """Asks DataFlow for the row after the last one of the list; the kit's question is none of the application's."""
    names = ("filter", "order_by", "sort", "include_deleted")
    query = {name: asked[name] for name in names if asked.get(name)}
    offset = int(asked.get("offset") or 0) + limit
    token = RUNS_FOR_KIT.set(True)
    try:
        following = await _node(dataflow, model, "List").async_run(**query, limit=1, offset=offset, enable_cache=False)
        if not following["records"]:
            return None
        total = None
        if not query.get("include_deleted"):
            counted = await _node(dataflow, model, "Count").async_run(filter=query.get("filter", {}))
            total = int(counted["count"])
    finally:
        RUNS_FOR_KIT.reset(token)
    return CutList(dataflow, model, source, limit, total, bool(query.get("filter")))


def _node(dataflow: Any, model: str, operation: str) -> Any:
    return dataflow.get_node(f"{model}{operation}Node")()
