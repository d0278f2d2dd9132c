"""Whether the code of a session could touch the test databases: if not, nothing is prepared for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kailash_testkit.importer import is_the_users

_SETS_ENVIRONMENT: Final = re.compile(r"environ\[[^\]]+\]\s*=[^=]|environ\.(?:update|setdefault)|setenv\(|load_dotenv")


class Reach:
    """Looks at what is imported.

    modules: those of the application. variables: those that hold the databases' URLs.
    """

    def __init__(self, modules: Iterable[str], variables: Iterable[str]) -> None:
        self._modules = [*modules]
        self._variable = re.compile(rf"\b(?:{'|'.join(map(re.escape, variables))})\b", re.IGNORECASE)
        self._seen: set[str] = set()
        self._names_variable = False
        self._sets_environment = False

    def exists(self) -> bool:
        """Whether the application is imported, or code of the user's names a variable, as whoever uses SQL must.

        Code that sets the environment may do so for an application that it imports then: nobody else imports it first.
        """
        if any(module in sys.modules for module in self._modules):
            return True
        for path in self._new():
            source = _read(path)
            names = self._variable.search(source) is not None
            self._names_variable |= names
            if names or path.name == "conftest.py":
                self._sets_environment |= _SETS_ENVIRONMENT.search(source) is not None
        return self._names_variable and not self._sets_environment

    def _new(self) -> list[Path]:
        """The user's source files that were imported since the last look."""
        names = sys.modules.keys() - self._seen
        self._seen |= names
        files = [getattr(sys.modules[name], "__file__", None) for name in names]
        paths = [Path(file) for file in files if isinstance(file, str) and file.endswith(".py")]
        return [path for path in paths if is_the_users(path)]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
