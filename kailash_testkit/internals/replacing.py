"""Methods of other packages that are wrapped for a while, and put back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Replacements:
    """What is wrapped now; false where nothing is."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []

    def __bool__(self) -> bool:
        return bool(self._replaced)

    def wrap(self, owner: Any, name: str, wrapped: Callable[[Any], Any]) -> None:
        """Puts ``wrapped(original)`` into the place of ``owner.name``."""
        original = vars(owner)[name] if isinstance(owner, type) and name in vars(owner) else getattr(owner, name)
        self._replaced.append((owner, name, original))
        setattr(owner, name, functools.wraps(original)(wrapped(original)))

    def undo(self) -> None:
        """Everything is as it was. Idempotent."""
        while self._replaced:
            owner, name, original = self._replaced.pop()
            setattr(owner, name, original)
