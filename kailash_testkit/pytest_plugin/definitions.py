"""Which definition of a fixture a test sees: the plugin's, or an override in a conftest, module or class."""

from __future__ import annotations

from typing import Any, Final, cast

import pytest

DATAFLOW: Final = "testkit_dataflow"
APP: Final = "testkit_app"


def definition_of(name: str, node: pytest.Item | pytest.Collector) -> Any:
    """The definition of a fixture (a `pytest.FixtureDef`) that a node sees; None where there is none."""
    found = definitions_of(name, node)
    return found[-1] if found else None


def definitions_of(name: str, node: pytest.Item | pytest.Collector) -> list[Any]:
    """All definitions that a node sees, the one it uses last."""
    return list(manager_of(node.session).getfixturedefs(name, node) or ())


def markers_of(item: pytest.Item) -> list[pytest.Mark]:
    """The marks ``testkit`` of a test, the nearest first."""
    return [*item.iter_markers("testkit")] if "testkit" in item.keywords else []  # a look is cheaper than the walk


def is_overridden(definition: Any) -> bool:
    """Whether it is a user's definition of a fixture, not the plugin's."""
    return definition is not None and not str(definition.func.__module__).startswith("kailash_testkit.")


def manager_of(session: pytest.Session) -> Any:
    """pytest's fixture manager, which has no public name."""
    return cast("Any", session)._fixturemanager
