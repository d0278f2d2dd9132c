"""Makes a `Statement` of each one that runs in this process, and hands it to who listens.

One for the process: a statement is looked at once, however many listen. While nobody does, nothing is observed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Final

from kailash_testkit.app_code import Site, awaiting_site
from kailash_testkit.asgi.timeline import CURRENT, TimedRequest
from kailash_testkit.internals import callers, observed_nodes, observed_statements
from kailash_testkit.internals.observed_nodes import RUNNING, CutList, RunningNode
from kailash_testkit.internals.observed_statements import RanStatement
from kailash_testkit.queries.statement import Statement

Listener = Callable[[Statement], None]

_listeners: list[Listener] = []
_lists: dict[object, Statement] = {}
_MOST_LISTS: Final = 50


class _Test:
    """Which test runs now, in pytest."""

    def __init__(self) -> None:
        self.node_id: str | None = None


TEST: Final = _Test()


def listen(listener: Listener) -> None:
    """Calls the listener for each statement, in the task that asked for it. Idempotent."""
    if listener not in _listeners:
        _listeners.append(listener)
    observed_statements.observe(_ran)
    observed_nodes.observe(_cut)
    observed_nodes.observe_runs(_ran)


def leave(listener: Listener) -> None:
    """Ends it. Idempotent."""
    if listener in _listeners:
        _listeners.remove(listener)
    if not _listeners:
        observed_statements.ignore(_ran)
        observed_nodes.ignore(_cut)
        observed_nodes.ignore_runs(_ran)
        _lists.clear()


def is_listening(listener: Listener) -> bool:
    """Whether it is called."""
    return listener in _listeners


def _ran(ran: RanStatement) -> None:
    node = RUNNING.get()
    request = CURRENT.get(None)
    statement = Statement(ran, node, request, TEST.node_id, _site(node, request, ran))
    if node is not None and node.name.endswith("ListNode"):
        if len(_lists) >= _MOST_LISTS:
            _lists.clear()
        _lists[request, node.model] = statement
    for listener in tuple(_listeners):
        listener(statement)


def _site(node: RunningNode | None, request: TimedRequest | None, ran: RanStatement) -> Site:
    """The application's lines that asked for it; beyond those of a task of its own, as of ``gather``, the handler's.

    Who asked for a node asked for what it runs through its adapter. Walking there from the statement costs three times
    as much as from the node.
    """
    here = sys._getframe()  # pyright: ignore[reportPrivateUsage] - documented
    site = node.site if node is not None and not ran.driver else callers.caller(here)
    worker = None if request is None else request.worker()
    if worker is None or worker is _current_task():
        return site
    handler = awaiting_site(worker)
    return site if {frame[:2] for frame in site} & {frame[:2] for frame in handler} else site + handler


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # in a thread without a loop
        return None


def _cut(cut: CutList) -> None:
    """A default limit cut the list that was asked for last."""
    statement = _lists.get((CURRENT.get(None), cut.model))
    if statement is not None:
        statement.limit_cut = True
