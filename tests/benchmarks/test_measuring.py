"""Figures, their ratios and targets, and how they travel from a script to the results."""

from __future__ import annotations

from pathlib import Path

import pytest
from measuring import COLLECTED_IN, SCRIPT, Figure, Report, Target, compare, in_turns, read_reports


def test_variants_take_turns_and_a_warm_up_does_not_count() -> None:
    order: list[str] = []

    def measured(name: str) -> float:
        order.append(name)
        return float(len(order))

    times = in_turns(2, {"a": lambda: measured("a"), "b": lambda: measured("b")}, warm=True)

    assert order == ["a", "b", "a", "b", "a", "b"]
    assert times == {"a": (3.0, 5.0), "b": (4.0, 6.0)}


def test_a_ratio_is_taken_round_by_round() -> None:
    """A busy machine slows one round of both: medians apart from each other would tell something else."""
    ours, theirs = Figure("ours", "ms", (1, 20, 3), "theirs"), Figure("theirs", "ms", (2, 40, 6))
    assert Report("", (ours, theirs)).ratio(ours) == 0.5


def test_a_ratio_of_unequal_rounds_is_that_of_the_medians() -> None:
    ours, theirs = Figure("ours", "ms", (1, 2, 3), "theirs"), Figure("theirs", "ms", (8,))
    assert Report("", (ours, theirs)).ratio(ours) == 0.25


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (Target(0.5), "at most 0.5 x: met"),
        (Target(0.4), "at most 0.4 x: missed"),
        (Target(0.6, at="least"), "at least 0.6 x: missed"),
        (Target(2, of="value"), "at most 2 ms: met"),
        (Target(1, of="value"), "at most 1 ms: missed"),
    ],
)
def test_a_target_is_met_or_missed(target: Target, verdict: str) -> None:
    ours = Figure("ours", "ms", (2,), "theirs", target)
    assert Report("", (ours, Figure("theirs", "ms", (4,)))).verdict(ours) == verdict


def test_what_a_figure_is_compared_with_must_be_there() -> None:
    ours = Figure("ours", "ms", (2,), "others")
    with pytest.raises(ValueError, match="'ours' is compared with 'others', which is not there"):
        Report("", (ours,)).ratio(ours)


def test_figures_come_back_as_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "figures.jsonl"
    monkeypatch.setenv(COLLECTED_IN, str(file))
    monkeypatch.setenv(SCRIPT, "one.py")

    made = compare("rows", {"theirs": [2, 4], "ours": [1, 2]}, factor=10, targets={"ours": Target(0.5)})

    assert read_reports(file) == [("one.py", made)]
    assert made.figures[1].values == (10, 20)


def test_a_script_alone_prints_ranges_ratios_and_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    compare("rows", {"theirs": [2, 4], "ours": [1, 2]}, targets={"ours": Target(0.5)})
    assert capsys.readouterr().out.splitlines() == [
        "rows",
        "  theirs         3 ms  (2 to 4)",
        "  ours         1.5 ms  (1 to 2)  0.50 x theirs   at most 0.5 x: met",
    ]
