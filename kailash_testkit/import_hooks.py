"""Being called when a module is imported, without importing it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, cast


class ImportHook(MetaPathFinder):
    """Calls functions when a module is imported from now on, until `remove`.

    before: called before the module is looked for; what it raises, the import raises.
    after: called with the module when its code has run to its end.
    """

    def __init__(
        self,
        module: str,
        *,
        before: Callable[[], object] | None = None,
        after: Callable[[ModuleType], object] | None = None,
    ) -> None:
        self.module = module
        self.is_running = False
        """Whether the module's code runs now."""
        self._before = before
        self._after = after
        self._looks = False
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Ends it. Idempotent."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if fullname != self.module or self._looks:
            return None
        if self._before is not None:
            self._before()
        self._looks = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looks = False
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Loader(spec.loader, self))
        return spec

    def run(self, loader: Loader, module: ModuleType) -> None:
        """Runs the module's code; for the loader that this hook puts into place."""
        self.is_running = True
        try:
            loader.exec_module(module)
        finally:
            self.is_running = False
        if self._after is not None and self in sys.meta_path:
            self._after(module)


class _Loader:
    """A module's loader, whose end the hook hears of."""

    def __init__(self, loader: Loader, hook: ImportHook) -> None:
        self._loader = loader
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._hook.run(self._loader, module)
