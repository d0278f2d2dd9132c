"""What is said of lost writes at the end: a line for each that no test noticed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from kailash_testkit.pytest_plugin.losing.options import SECONDS
from kailash_testkit.text import comma_join, some

_MOST = 3


class Trial(TypedDict):
    """One run of a test with lost writes. mutant: its name. noticed: the test failed."""

    mutant: str
    routes: list[str]
    test: str
    noticed: bool


def lines(trials: Sequence[Trial], left_out: Sequence[str], seconds: float, *, verbose: bool) -> list[str]:
    """The lines. left_out: mutants for which there was no time. seconds: that the trials took, of all processes."""
    names = dict.fromkeys(trial["mutant"] for trial in trials)
    blind = {name: [trial for trial in trials if trial["mutant"] == name and not trial["noticed"]] for name in names}
    noticed = {trial["mutant"] for trial in trials if trial["noticed"]}
    survived = [name for name in names if name not in noticed]
    told = [_survivor(name, blind[name], verbose=verbose) for name in survived]
    for name in names if verbose else ():
        if name in noticed and blind[name]:
            tests = comma_join(trial["test"] for trial in blind[name])
            told.append(f"noticed by another test: {name}; these pass all the same: {tests}")
    if trials:
        told.append(
            f"lost writes: {some(len(names), 'mutant')} in {some(len(trials), 'run')}, {seconds:.1f} s: "
            f"{len(names) - len(survived)} noticed, {len(survived)} survived"
        )
    untried = [name for name in dict.fromkeys(left_out) if name not in names]
    if untried:
        told.append(f"not tried, the {SECONDS} were over: {comma_join(untried)}")
    return told or ["no request of a passing test wrote anything"]


def _survivor(name: str, trials: Sequence[Trial], *, verbose: bool) -> str:
    routes = dict.fromkeys(route for trial in trials for route in trial["routes"])
    tests = [*dict.fromkeys(trial["test"] for trial in trials)]
    shown = tests if verbose else tests[:_MOST]
    more = f" and {len(tests) - len(shown)} more" if len(tests) > len(shown) else ""
    pass_ = "passes" if len(tests) == 1 else "pass"
    return (
        f"survived: {name} ({comma_join(routes)}): lost, and {some(len(tests), 'test')} that made it {pass_}: "
        f"{comma_join(shown)}{more}"
    )
