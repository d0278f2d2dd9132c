"""What the journals' benchmarks share: timing, and variants that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def alternating(rounds: int, variants: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each variant's timings, in seconds; variants take turns."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            times[name].append(run())
    return {name: median(found) for name, found in times.items()}


def timed(act: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
