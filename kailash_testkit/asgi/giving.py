"""A dependency that gives a value. Nexus refuses functions of modules with ``from __future__ import annotations``."""

from collections.abc import Callable
from typing import Any


def giving(value: object) -> Callable[[], Any]:
    """A function without parameters that returns ``value``."""

    def give() -> Any:
        return value

    return give
