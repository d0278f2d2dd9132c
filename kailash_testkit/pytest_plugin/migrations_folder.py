"""The folder that DataFlow leaves where it is started."""

from __future__ import annotations

import contextlib
from pathlib import Path


class MigrationsFolder:
    """``migrations`` in the working directory: DataFlow leaves it, empty, with whoever imports the application."""

    def __init__(self) -> None:
        self._path = Path.cwd() / "migrations"
        self._was_there = self._path.exists()

    def remove(self) -> None:
        """Removes it unless it was there before or has something in it."""
        if not self._was_there:
            with contextlib.suppress(OSError):  # not made, or not empty
                self._path.rmdir()
