"""Writes files that only the user may read: they repeat what tests did."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Writes a file, with its folders; one that was there is replaced, and made private."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", errors="backslashreplace"
    ) as file:
        os.fchmod(file.fileno(), 0o600)  # it may have been there
        file.write(text)
