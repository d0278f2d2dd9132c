"""Tries what `init` found, in a process of its own: ``python -m kailash_testkit.command_line.trial ANSWER < question``.

Which variable decides where the DataFlow connects, of which model a row can be created, which path the application
answers. Everything happens on SQLite databases that are removed at the end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kailash_testkit.asgi.routes import listed_routes
from kailash_testkit.client import ApiClient
from kailash_testkit.command_line.application import importable
from kailash_testkit.databases.servers import started
from kailash_testkit.errors import KitError
from kailash_testkit.importer import load_app, load_dataflow
from kailash_testkit.internals.dataflow import url_of
from kailash_testkit.internals.dataflow_loops import close_in_running_loop
from kailash_testkit.internals.nexus import fastapi_app, is_nexus
from kailash_testkit.kit import Kit
from kailash_testkit.redaction import redact


@dataclass(frozen=True)
class Question:
    """What is to be tried. pythonpath: absolute folders. variables: one of them names the database."""

    dataflow: str
    app: str
    pythonpath: Sequence[str]
    variables: Sequence[str]


@dataclass
class Answer:
    """What came of it.

    variable: empty where none names the database. refused: why no row could be created. error: why nothing was tried.
    """

    variable: str = ""
    url: str = ""
    model: str = ""
    path: str = ""
    status: int = 0
    refused: str = ""
    error: str = ""
    why: str = ""
    do: str = ""


def ask(question: Question, folder: Path) -> Answer:
    """Tries it in a process that runs in a folder."""
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-") as own:
        file = Path(own, "answer.json")
        command = [sys.executable, "-m", __name__, str(file)]
        done = subprocess.run(
            command, cwd=folder, input=json.dumps(asdict(question)), capture_output=True, text=True, check=False
        )
        if file.exists():
            return Answer(**json.loads(file.read_text("utf-8")))
    last = redact(done.stderr).strip().splitlines()[-1:] or ["it said nothing"]
    return Answer(error=f"importing {question.dataflow} ended the process", why=last[0], do="import it by itself")


def main() -> None:
    """Answers the question on the standard input."""
    question = Question(**json.load(sys.stdin))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    try:
        answer = _tried(question)
    except KitError as error:
        answer = Answer(error=error.what, why=error.why or "", do=error.do or "")
    Path(sys.argv[1]).write_text(json.dumps(asdict(answer)), "utf-8")


def _tried(question: Question) -> Answer:
    with started("sqlite") as server, importable({"pythonpath": list(question.pythonpath)}, []):
        names = {variable: server.name(f"init{n}", None) for n, variable in enumerate(question.variables)}
        os.environ.update({variable: server.url(name) for variable, name in names.items()})
        dataflow = load_dataflow(question.dataflow, "DataFlow")
        app = load_app(question.app) if question.app else None
        url = url_of(dataflow)
        answer = Answer(url=redact(url))
        answer.variable = next((variable for variable, name in names.items() if server.url(name) == url), "")
        if answer.variable:
            server.create(names[answer.variable])
            asyncio.run(_seeded(dataflow, app, answer))
        dataflow.close()
        return answer


async def _seeded(dataflow: Any, app: Any, answer: Answer) -> None:
    async with Kit.on_private_database(dataflow, verify=False, late_models=lambda: None) as kit:
        for model in dataflow.get_models():
            try:
                await kit.create(model)
            except KitError as error:  # the next one, then
                answer.refused = error.what
                continue
            answer.model = model
            break
        await kit.reset()
        if app is not None:
            tables = [dataflow.get_model_info(name)["table_name"] for name in dataflow.get_models()]
            async with ApiClient(app, kit=kit) as api:
                for path in _paths(app, tables):
                    status = (await api.get(path)).status_code
                    if status < 500 and (not answer.path or status < answer.status):
                        answer.path, answer.status = path, status
                    if status < 300:
                        break
    await close_in_running_loop(dataflow)


def _paths(app: Any, tables: Sequence[str]) -> Iterator[str]:
    """Paths that can be read without arguments: those that are named like a table, or a health check; then ``/``."""
    for path, methods in listed_routes(fastapi_app(app) if is_nexus(app) else app):
        last = path.strip("/").rpartition("/")[2]
        is_read = "GET" in methods and "{" not in path
        if is_read and (last in tables or last.startswith(("health", "ping", "status", "ready", "live"))):
            yield path
    yield "/"


if __name__ == "__main__":
    main()
