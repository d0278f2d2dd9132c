"""Pairs expectations with changes so that as many as possible fit."""

from __future__ import annotations

from collections.abc import Sequence

from kailash_testkit.changes.expectations import Expectation
from kailash_testkit.changes.net import Change


def matched(expected: Sequence[Expectation], actual: Sequence[Change]) -> dict[int, int]:
    """Which expectation (by index) is met by which change: a maximum matching, by augmenting paths."""
    return _Matching(expected, actual).found()


class _Matching:
    """Compares values as rarely as it can: a thousand equal expectations of a thousand rows are usual.

    Equal is what consists of the very same objects; asking matchers whether they are equal proves nothing.
    """

    def __init__(self, expected: Sequence[Expectation], actual: Sequence[Change]) -> None:
        self._expected = expected
        self._actual = actual
        self._likeness = [_likeness(expectation) for expectation in expected]
        self._known: dict[tuple[object, int], bool] = {}
        self._free = dict.fromkeys(range(len(actual)))
        self._taken: dict[int, int] = {}  # change -> expectation

    def found(self) -> dict[int, int]:
        hopeless: set[object] = set()
        for wanting, likeness in enumerate(self._likeness):
            if likeness not in hopeless and not self._place(wanting):
                hopeless.add(likeness)
        return {wanting: change for change, wanting in self._taken.items()}

    def _place(self, first: int) -> bool:
        """Finds a change for one more expectation, if there is one; others may have to move to another one."""
        reached_from: dict[int, int] = {}  # change -> expectation that would like to have it
        waiting = [first]
        for wanting in waiting:  # grows while it is gone through
            free = next((change for change in self._free if self._fits(wanting, change)), None)
            if free is not None:
                reached_from[free] = wanting
                self._shift(free, first, reached_from)
                return True
            for change, holder in self._taken.items():
                if change not in reached_from and self._fits(wanting, change):
                    reached_from[change] = wanting
                    waiting.append(holder)
        return False

    def _shift(self, change: int, first: int, reached_from: dict[int, int]) -> None:
        held = {holder: change for change, holder in self._taken.items()}
        del self._free[change]
        while True:
            wanting = reached_from[change]
            self._taken[change] = wanting
            if wanting == first:
                return
            change = held[wanting]

    def _fits(self, wanting: int, change: int) -> bool:
        pair = self._likeness[wanting], change
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = not self._expected[wanting].problems(self._actual[change])
        return known


def _likeness(expectation: Expectation) -> object:
    fields = tuple((name, id(value)) for name, value in expectation.fields.items())
    return expectation.kind, expectation.model, id(expectation.id), fields, expectation.tenant
