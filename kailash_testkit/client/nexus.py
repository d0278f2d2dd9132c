"""Calls of a Nexus: its envelope, its record of earlier requests, its opaque failures."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator, Mapping
from typing import Any, cast
from urllib.parse import quote

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.client.interface import Client
from kailash_testkit.errors import AnsweredFromRecord, UnexpectedResponse, UnexpectedStatus
from kailash_testkit.internals import nexus as nexus_internals
from kailash_testkit.judge.bodies import shown
from kailash_testkit.models.rows import jsonable
from kailash_testkit.redaction import redact

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOGGERS = ("kailash", "nexus")
_MOST_LINES = 3


async def call(client: Client, name: str, inputs: Mapping[str, object]) -> Any:
    """The outputs of a workflow, called through ``POST /workflows/<name>/execute``."""
    __tracebackhide__ = True
    body = {"inputs": {key: jsonable(value) for key, value in inputs.items()}}
    path = f"/workflows/{quote(name, safe='')}/execute"
    with _errors_logged() as logged:
        try:
            response = await client.expect(200).post(path, json=body)
        except UnexpectedStatus as failure:
            raise _explained(failure, logged, client.build_request("POST", path, json=body)) from None
    answer: Any = response.json() if response.content else None
    if not isinstance(answer, dict) or "outputs" not in answer:
        raise UnexpectedResponse(
            f"{request_line(response.request)}: the response is not that of a workflow",
            details=[shown(response)],
            why="it has no 'outputs'; only Nexus answers POST /workflows/<name>/execute with them",
            do="call another application's endpoints with api.post(...)",
        )
    return nexus_internals.outputs(cast("dict[str, Any]", answer))


def refuse_recorded(response: httpx.Response, age: float) -> None:
    """Raises `AnsweredFromRecord` for a response that Nexus took from its record.

    age: of the record, in seconds. A request that names itself by an Idempotency-Key asks for just that.
    """
    request = response.request
    if request.method not in _SAFE and "idempotency-key" not in request.headers:
        raise AnsweredFromRecord(
            f"{request_line(request)}: the handler did not run",
            details=[f"Nexus answered from its record of the same request, {age:.1f} s before"],
            why="with enable_durability=True, the default, an identical request is taken for a repetition",
            do='api.with_headers({"X-Durable": "false"}) runs each; send an Idempotency-Key to test repetitions',
        )


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(redact(record.getMessage()).splitlines()[0])


@contextlib.contextmanager
def _errors_logged() -> Generator[list[str], None, None]:
    """What Kailash logs as an error in the block: all that is left of a handler's exception."""
    collector = _Collector()
    for name in _LOGGERS:
        logging.getLogger(name).addHandler(collector)
    try:
        yield collector.lines
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(collector)


def _explained(failure: UnexpectedStatus, logged: list[str], request: httpx.Request) -> UnexpectedStatus:
    if not logged:
        return failure
    masker = Masker(request)
    lines = [f"  {masker.text(line)}" for line in dict.fromkeys(logged)]
    explained = UnexpectedStatus(
        failure.what,
        details=[*failure.details, "logged by Kailash:", *lines[:_MOST_LINES]],
        why="a handler's exception is an opaque 500 to Nexus's clients; the log has its text",
        do="fix what the log tells; if it is meant, expect(500).post(...)",
    )
    explained.status = failure.status
    return explained
