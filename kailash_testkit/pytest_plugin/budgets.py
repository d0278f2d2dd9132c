"""The settings that say how many seconds tests may run again, in all."""

from __future__ import annotations

import pytest


def seconds(config: pytest.Config, setting: str) -> float:
    """How many; ``inf`` for no limit. Raises `pytest.UsageError`."""
    given: str = config.getini(setting)
    try:
        found = float(given)
    except ValueError:
        found = -1.0
    if not found >= 0:  # nor is nan
        raise pytest.UsageError(f"{setting} = {given!r} is no number of seconds: write one from 0 on, such as 60")
    return found
