"""Methods of other packages that are wrapped for a while, and put back."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from kailash_testkit.import_hooks import ImportHook


class Replacements:
    """What is wrapped now, or will be when its module is imported; false where nothing is."""

    def __init__(self) -> None:
        self._replaced: list[tuple[Any, str, Any]] = []
        self._hooks: list[ImportHook] = []

    def __bool__(self) -> bool:
        return bool(self._replaced or self._hooks)

    def when_imported(self, module: str, wrap: Callable[[Any], None]) -> None:
        """Calls ``wrap(module)`` now, or when it is imported: drivers are at the first connection."""
        found = sys.modules.get(module)
        if found is not None:
            wrap(found)
        else:
            self._hooks.append(ImportHook(module, after=wrap))

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
        while self._hooks:
            self._hooks.pop().remove()
