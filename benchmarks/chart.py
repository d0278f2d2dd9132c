"""The chart of the README: what a suite takes, by the way it is written."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from measuring import Report, shown

OURS, THEIRS, BASE = "#2563a8", "#9aa5b1", "#d5dae0"


def draw(reports: list[Report], file: Path) -> None:
    """Draws the sessions, one panel for each report that is measured in seconds. Draws nothing without any."""
    panels = [report for report in reports if all(figure.unit == "s" for figure in report.figures)]
    if not panels:
        return
    mpl.rcParams["svg.hashsalt"] = "kailash-testkit"  # the same figures make the same file
    mpl.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(9, 0.5 + 1.75 * len(panels)), layout="constrained")
    for axes, report in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        values = [each.median for each in report.figures]
        names = [each.name for each in report.figures]
        bars = axes.barh(names, values, color=[colour(each) for each in names], height=0.7)
        axes.bar_label(bars, labels=[f" {shown(value)} s" for value in values], fontsize=9)
        axes.set_title(report.title, loc="left", fontsize=10)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.12 * max(values))
        axes.xaxis.set_visible(False)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.tick_params(axis="y", length=0, labelsize=9)
    figure.savefig(file, metadata={"Date": None})


def colour(name: str) -> str:
    """Ours stands out; the base line, which leaves its rows, stays back."""
    return OURS if name.startswith("with the kit") else BASE if "without any isolation" in name else THEIRS
