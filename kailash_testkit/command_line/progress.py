"""What a command is doing, for whoever waits: on a terminal one line that changes, elsewhere nothing."""

from __future__ import annotations

import sys
import time
from typing import Final, Self

_SOON: Final = 1.0  # seconds after which somebody wonders


class Progress:
    """Shows what goes on, on stderr, once it takes longer than a second: ``with Progress() as progress: ...``."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._width = 0

    def __call__(self, what: str) -> None:
        if self._is_terminal and time.monotonic() - self._started > _SOON:
            sys.stderr.write(f"\r{what.ljust(self._width)}")
            sys.stderr.flush()
            self._width = len(what)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()
