"""What a command is doing, for whoever waits: on a terminal one line that changes, elsewhere nothing."""

from __future__ import annotations

import sys
import threading
from typing import Final, Self

_SOON: Final = 1.0  # seconds after which somebody wonders


class Progress:
    """Shows what goes on, on stderr, when it takes longer than a second.

    ``with Progress() as progress: progress("importing shop.models")``. Whatever it showed is gone at the end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._what = ""
        self._width = 0
        self._is_shown = False
        self._timer = threading.Timer(_SOON, self._begin_to_show)
        self._timer.daemon = True

    def __call__(self, what: str) -> None:
        """From now on the command does something else."""
        with self._lock:
            self._what = what
            if self._is_shown:
                self._show(what)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._is_shown:
                self._show("")
                sys.stderr.write("\r")
                sys.stderr.flush()

    def _begin_to_show(self) -> None:
        with self._lock:
            self._is_shown = True
            self._show(self._what)

    def _show(self, what: str) -> None:
        sys.stderr.write(f"\r{what.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(what)
