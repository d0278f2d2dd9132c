"""Traits and transient parameters of factories: keywords that a generated module knows beside a model's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

from kailash_testkit.factories.base import FactoryBase, definition_of
from kailash_testkit.factories.transients import Transient

_PLAIN: Final = {bool: "bool", int: "int", float: "float", str: "str"}

Parameters = Mapping[str, Mapping[str, str]]
"""By model: the names, each with the name of a builtin type, or ``Any``."""


def parameters_of(modules: Iterable[ModuleType]) -> Parameters:
    """The traits and transient parameters of all factories that these modules define or import by name."""
    found: dict[str, dict[str, str]] = {}
    for module in modules:
        for factory in [value for value in vars(module).values() if isinstance(value, FactoryBase)]:
            definition = definition_of(factory)
            known = found.setdefault(definition.model_name, {})
            known |= dict.fromkeys(definition.traits, "bool")
            for name, value in definition.defaults.items():
                if isinstance(value, Transient):
                    kind = _kind(value.default)
                    known[name] = kind if known.get(name, kind) == kind else "Any"
    return found


def _kind(default: object) -> str:
    return next((name for kind, name in _PLAIN.items() if type(default) is kind), "Any")
