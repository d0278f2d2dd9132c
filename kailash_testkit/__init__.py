"""Seed, call and verify: the test kit for applications built on Kailash DataFlow behind an ASGI API.

Names are imported from here. They are loaded when they are first used, so that importing the pytest
plugin costs nothing in a session that does not use the kit.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, Final

_HOMES: Final = {
    name: module
    for module, name in re.findall(
        r"^from (\S+) import (\w+) as \2$", Path(__file__).with_suffix(".pyi").read_text("utf-8"), re.MULTILINE
    )
}

__all__ = [*_HOMES]  # pyright: ignore[reportUnsupportedDunderAll] - stated in __init__.pyi


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
