"""Whether the code of a session could touch the test databases: if not, nothing is prepared for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from kailash_testkit.importer import is_the_users


class Reach:
    """Looks at what is imported.

    modules: those of the application. variables: those that hold the databases' URLs.
    """

    def __init__(self, modules: Iterable[str], variables: Iterable[str]) -> None:
        self._modules = [*modules]
        self._variable = re.compile(rf"\b(?:{'|'.join(map(re.escape, variables))})\b", re.IGNORECASE)
        self._seen: set[str] = set()

    def exists(self) -> bool:
        """Whether the application is imported, or code of the user's names a variable, as whoever uses SQL must."""
        return any(module in sys.modules for module in self._modules) or any(map(self._names_variable, self._new()))

    def _new(self) -> list[Path]:
        """The source files that were imported since the last look."""
        names = sys.modules.keys() - self._seen
        self._seen |= names
        files = [getattr(sys.modules[name], "__file__", None) for name in names]
        paths = [Path(file) for file in files if isinstance(file, str) and file.endswith(".py")]
        return [path for path in paths if is_the_users(path)]

    def _names_variable(self, path: Path) -> bool:
        try:
            return self._variable.search(path.read_text(encoding="utf-8", errors="replace")) is not None
        except OSError:
            return False
