"""A dependency that returns a value. Nexus refuses functions of modules with ``from __future__ import annotations``."""

from collections.abc import Callable
from typing import Any


def returning(value: object) -> Callable[[], Any]:
    """A function without parameters that returns ``value``."""

    def dependency() -> Any:
        return value

    return dependency
