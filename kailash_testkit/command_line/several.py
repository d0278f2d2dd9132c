"""One exploration by several processes: each has its share of the operations, and a database of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from kailash_testkit.errors import ConfigurationError, KitError

if TYPE_CHECKING:
    from kailash_testkit.exploration import Exploration

Result = tuple["Exploration", Mapping[str, str]]
"""What was found, and how a module of tests comes by the credentials."""
Work = Callable[[tuple[int, int]], Result]
"""Explores a share, (0, 2) the first of two."""


@dataclass(frozen=True)
class _Refusal:
    """A `KitError` on its way to the process that started the others."""

    what: str
    details: Sequence[str]
    why: str | None
    do: str | None


def in_processes(number: int, work: Work) -> Result:
    """The results of all shares as one. Raises what one of them raises, as `ConfigurationError`.

    Nothing may be imported of the application before: each process imports it for its own database.
    """
    context = multiprocessing.get_context("fork")
    running: list[tuple[BaseProcess, Connection]] = []
    for place in range(number):
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(work, (place, number), theirs))
        worker.start()
        theirs.close()
        running.append((worker, ours))
    results: list[Result] = []
    try:
        for process, connection in running:
            try:
                found: Result | _Refusal = connection.recv()
            except EOFError:
                process.join()
                raise ConfigurationError(f"a worker ended by itself, with exit code {process.exitcode}") from None
            if isinstance(found, _Refusal):
                raise ConfigurationError(found.what, details=found.details, why=found.why, do=found.do)
            results.append(found)
    finally:
        for process, connection in running:
            connection.close()
            if len(results) < number:
                process.terminate()
            process.join()
    return _merged([exploration for exploration, _ in results]), results[0][1]


def _work(work: Work, share: tuple[int, int], connection: Connection) -> None:
    try:
        connection.send(work(share))
    except KitError as error:
        connection.send(_Refusal(error.what, error.details, error.why, error.do))


def _merged(parts: Sequence[Exploration]) -> Exploration:
    first = parts[0]
    for part in parts[1:]:
        first.findings += part.findings
        first.known += part.known
        first.operations += part.operations
        first.requests += part.requests
        first.seconds = max(first.seconds, part.seconds)
        first.unmade |= part.unmade
        first.unjudged |= part.unjudged
        first.unconfirmed += part.unconfirmed
        first.ended = first.ended or part.ended
    return first
