"""One exploration by several processes: each has its share of the operations, and a database of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from kailash_testkit.errors import ConfigurationError, KitError

if TYPE_CHECKING:
    from kailash_testkit.exploration import Exploration

Result = tuple["Exploration", Mapping[str, str]]
"""What was found, and how a module of tests comes by the credentials."""
Work = Callable[[tuple[int, int]], Result]
"""Explores a share, (0, 2) the first of two."""


def in_processes(number: int, work: Work) -> Result:
    """The results of all shares as one. Raises what one of them raises, as `ConfigurationError`.

    Nothing may be imported of the application before: each process imports it for its own database.
    """
    context = multiprocessing.get_context("fork")
    running: list[tuple[multiprocessing.process.BaseProcess, Connection]] = []
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
                found = connection.recv()
            except EOFError:
                process.join()
                raise ConfigurationError(f"a worker ended by itself, with exit code {process.exitcode}") from None
            if isinstance(found, dict):
                raise ConfigurationError(found["what"], details=found["details"], why=found["why"], do=found["do"])
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
        connection.send({"what": error.what, "details": error.details, "why": error.why, "do": error.do})


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
        first.ended = first.ended or part.ended
    return first
