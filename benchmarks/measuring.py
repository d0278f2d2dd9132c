"""What all benchmarks share: variants that take turns, figures beside what they are compared with, and their report.

A script measures, makes a `Figure` of each variant, and hands them to `report`, which prints them with their ratios.
Under ``make bench`` it also writes them down, a JSON line each, for `run_all`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, Final, Literal

COLLECTED_IN: Final = "KAILASH_TESTKIT_FIGURES"
"""The environment variable that names the file for JSON lines."""
SCRIPT: Final = "KAILASH_TESTKIT_SCRIPT"
"""The one that says which script it is that is run."""


@dataclass(frozen=True)
class Target:
    """What a figure should be: its ratio to what it is compared with, or its own value, at most or at least a limit."""

    limit: float
    of: Literal["ratio", "value"] = "ratio"
    at: Literal["most", "least"] = "most"

    def is_met(self, figure: Figure, ratio: float | None) -> bool:
        """Whether the figure is on the right side of the limit."""
        value = ratio if self.of == "ratio" else figure.median
        if value is None:
            raise ValueError(f"{figure.name} has a target for its ratio, and nothing that it is compared with")
        return value <= self.limit if self.at == "most" else value >= self.limit

    def in_words(self, unit: str) -> str:
        """As tables have it: ``at most 1.1 x``."""
        return f"at {self.at} {self.limit:g} {'x' if self.of == 'ratio' else unit}"


@dataclass(frozen=True)
class Figure:
    """What one variant took, round by round.

    compared_to: the name of another figure of the same report. unit: of the values, which are as small as they are
    good unless the target says "at least". note: what a reader must know, such as that it was scaled.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    compared_to: str | None = None
    target: Target | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.values)

    def ratio_to(self, other: Figure) -> float:
        """How many times the other it is: the median of the rounds' ratios, where both were measured in turns."""
        if len(self.values) == len(other.values):
            return median(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True))
        return self.median / other.median


@dataclass(frozen=True)
class Report:
    """The figures of one comparison, as a table."""

    title: str
    figures: tuple[Figure, ...]

    def ratio(self, figure: Figure) -> float | None:
        """How many times the figure that it is compared with, if it is with any."""
        if figure.compared_to is None:
            return None
        named = [each for each in self.figures if each.name == figure.compared_to]
        if not named:
            raise ValueError(
                f"{self.title}: {figure.name!r} is compared with {figure.compared_to!r}, which is not there"
            )
        return figure.ratio_to(named[0])

    def verdict(self, figure: Figure) -> str:
        """The target and whether it is met; empty without one."""
        if figure.target is None:
            return ""
        met = figure.target.is_met(figure, self.ratio(figure))
        return f"{figure.target.in_words(figure.unit)}: {'met' if met else 'missed'}"

    def lines(self) -> Iterable[str]:
        """As text, for whoever runs a script alone."""
        yield self.title
        width = max(len(figure.name) for figure in self.figures)
        for figure in self.figures:
            ratio = self.ratio(figure)
            least, most = shown(min(figure.values)), shown(max(figure.values))
            line = f"  {figure.name:<{width}} {shown(figure.median):>9} {figure.unit:<3} ({least} to {most})"
            if ratio is not None:
                line += f"  {ratio:.2f} x {figure.compared_to}"
            yield "   ".join(part for part in (line, self.verdict(figure), figure.note) if part)


def shown(value: float) -> str:
    """Three digits that count: ``0.0123``, ``4.57``, ``113``."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def report(title: str, figures: Sequence[Figure]) -> Report:
    """Prints the figures, and writes them down where ``make bench`` collects them."""
    made = Report(title, tuple(figures))
    for line in made.lines():
        print(line, flush=True)
    if path := os.environ.get(COLLECTED_IN):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"script": os.environ[SCRIPT], **asdict(made)}) + "\n")
    return made


def compare(
    title: str,
    times: Mapping[str, Sequence[float]],
    *,
    unit: str = "ms",
    factor: float = 1.0,
    to: str | None = None,
    targets: Mapping[str, Target] = MappingProxyType({}),
) -> Report:
    """`report` of variants that were measured in turns.

    factor: what makes a value one of the unit: 1000 where seconds were measured, and milliseconds are shown. to: the
    variant that the others are compared with, by default the first.
    """
    base = to or next(iter(times))
    figures = [
        Figure(name, unit, tuple(factor * each for each in found), None if name == base else base, targets.get(name))
        for name, found in times.items()
    ]
    return report(title, figures)


def read_reports(path: Path) -> list[tuple[str, Report]]:
    """What scripts wrote down, each with the script's name."""
    found: list[tuple[str, Report]] = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        read: dict[str, Any] = json.loads(line)
        figures = tuple(_figure(each) for each in read["figures"])
        found.append((read["script"], Report(read["title"], figures)))
    return found


def _figure(read: dict[str, Any]) -> Figure:
    target = Target(**read["target"]) if read["target"] else None
    return Figure(**{**read, "values": tuple(read["values"]), "target": target})


def in_turns(
    rounds: int, variants: dict[str, Callable[[], float]], *, warm: bool = False
) -> dict[str, tuple[float, ...]]:
    """Each variant's timings. Variants take turns, so that a busy machine slows all of them alike.

    warm: the first turn does not count.
    """
    times: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + warm):
        for name, run in variants.items():
            taken = run()
            if turn >= warm:
                times[name].append(taken)
    return {name: tuple(found) for name, found in times.items()}


def timed(act: Callable[[], object]) -> float:
    """How long it takes, in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
