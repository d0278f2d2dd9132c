"""A server at a URL: before anything is written through it, it must show that it is on the kit's database."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.calls import Call
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step, unjudged
from kailash_testkit.explore.trial import Trial

_CANDIDATES: Final = 4
_ROUNDS: Final = 2
_MOST_NAMED: Final = 3

_Answer = tuple[int | None, bytes]


async def require_own_database(trial: Trial) -> None:
    """Raises `ConfigurationError` unless a GET answers with the kit's rows otherwise than without them.

    Of an application in this process the plugin, or the command, has seen which database it connects to.
    """
    if not trial.player.is_elsewhere:
        return
    reads = [each for each in trial.readable if not each.unsupported]
    seen: list[str] = []
    for operation in reads:
        trial.say(f"looking for the kit's rows in the answers of {operation.label}")
        answers: list[_Answer] = []
        for call in itertools.islice(trial.values.candidates(operation), _CANDIDATES):
            answers = await _answers(trial, call)
            if _follow_the_rows(answers):
                return
        seen.append(_said(operation, answers))
    raise ConfigurationError(
        f"the server at {trial.player.url} does not show the rows that the kit stores; no request that writes was sent",
        details=seen[:_MOST_NAMED],
        why="it is on another database, or no GET that its description has shows rows to this user"
        if reads
        else "its description has no GET that could show them",
        do="start it with the test database's URL; give login= where reading needs credentials",
    )


async def _answers(trial: Trial, call: Call) -> list[_Answer]:
    """What a request is answered with the rows, without them, and so on."""
    player = trial.player
    with_rows, without = player.world(), trial.shrinker.login_rows
    answers: list[_Answer] = []
    try:
        for rows in [with_rows, without] * _ROUNDS:
            player.start_from(rows)
            (step,) = await player.play((call,), unjudged)
            answers.append(_answer(step))
    finally:
        player.start_from(with_rows)
    return answers


def _answer(step: Step) -> _Answer:
    return step.case.status, b"" if step.response is None else step.response.content


def _follow_the_rows(answers: Sequence[_Answer]) -> bool:
    is_success = any(status is not None and status < 300 for status, _ in answers[::2])
    return is_success and _are_steady(answers) and answers[0] != answers[1]


def _are_steady(answers: Sequence[_Answer]) -> bool:
    """Whether the same rows were answered with the same words."""
    return len({*answers[::2]}) == len({*answers[1::2]}) == 1


def _said(operation: Operation, answers: Sequence[_Answer]) -> str:
    statuses = ", ".join(sorted({str(status) for status, _ in answers}))
    how = "whatever rows there were" if _are_steady(answers) else "with other words for the same rows"
    return f"{operation.label} answered {statuses}, {how}"
