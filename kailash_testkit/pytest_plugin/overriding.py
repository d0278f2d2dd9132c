"""Fixtures `testkit_dataflow` that a conftest, module or class defines: each has a kit of its own.

pytest sets up a session-scoped fixture once. So that tests of two folders get two kits, whatever their order, the
fixtures that depend on `testkit_dataflow` are registered once more where it is overridden, with its scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakSet

import pytest

from kailash_testkit.pytest_plugin import fixtures
from kailash_testkit.pytest_plugin.definitions import DATAFLOW, definitions_of, is_overridden, manager_of

_DEPENDING: Final[dict[str, Callable[..., Any]]] = {
    "kit": fixtures.open_kit,
    "testkit_kits": fixtures.open_kits,
    "testkit_database": fixtures.database_of,
}


class Overrides:
    """Gives each override of a session its kit."""

    def __init__(self) -> None:
        self._known: WeakSet[Any] = WeakSet()

    def follow(self, node: pytest.Item | pytest.Collector) -> None:
        """Registers what depends on the overrides that a node sees, before its tests look for their fixtures."""
        for definition in definitions_of(DATAFLOW, node):
            if definition not in self._known:
                self._known.add(definition)
                if is_overridden(definition):
                    _register_beside(definition, node)


def _register_beside(definition: Any, node: pytest.Item | pytest.Collector) -> None:
    for name, function in _DEPENDING.items():
        if not any(is_overridden(each) and _place(each) == _place(definition) for each in definitions_of(name, node)):
            _register(name, function, definition, node.session)


def _register(name: str, function: Callable[..., Any], beside: Any, session: pytest.Session) -> None:
    public: Any = getattr(pytest, "register_fixture", None)  # from pytest 9.1
    if public is not None:
        public(name=name, func=function, node=beside.node or session, scope=beside.scope)
    else:
        manager_of(session)._register_fixture(name=name, func=function, nodeid=beside.baseid, scope=beside.scope)


def _place(definition: Any) -> object:
    return getattr(definition, "node", None) or definition.baseid
