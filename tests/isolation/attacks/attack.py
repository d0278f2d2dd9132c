"""`Attack`: what a user's test might do to the database, one line each, and its verdict.

A step is SQL, which runs on a connection of its own in autocommit mode, or a function of the `Target`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from target import Target

Verdict = Literal["undone", "named", "refused"]
Step = str | Callable[["Target"], object]


@dataclass(frozen=True)
class Attack:
    """What is done, and what comes of it.

    verdict: "undone": put back without a word. "named": the test that did it fails with what changed and the cure; the
        next test starts clean all the same. "refused": the attack itself fails, with nothing changed.
    says: a regular expression that the words of whoever names or refuses it match.
    """

    name: str
    verdict: Verdict
    steps: tuple[Step, ...]
    says: str = ""


def undone(name: str, *steps: Step) -> Attack:
    return Attack(name, "undone", steps)


def named(name: str, *steps: Step, says: str) -> Attack:
    return Attack(name, "named", steps, says)


def refused(name: str, *steps: Step, says: str) -> Attack:
    return Attack(name, "refused", steps, says)
