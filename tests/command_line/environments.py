"""The environment that a command is run in."""

from __future__ import annotations

import os


def clean_environment() -> dict[str, str]:
    """Without databases, and without what makes Python compile each module anew."""
    others = os.environ.items()
    return {name: value for name, value in others if not name.endswith(("_URL", "DONTWRITEBYTECODE"))}
