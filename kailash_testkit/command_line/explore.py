"""``kailash-testkit explore``: tries every operation of an application, with the database as the judge."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kailash_testkit.command_line.application import add_arguments
from kailash_testkit.command_line.output import output_of
from kailash_testkit.command_line.own_database import Application, add_database_argument, application_on_own_database
from kailash_testkit.command_line.progress import Progress
from kailash_testkit.command_line.project_settings import settings_of_project
from kailash_testkit.command_line.quiet import quiet, unprinted
from kailash_testkit.command_line.serving import served
from kailash_testkit.command_line.several import Result, in_processes
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.importer import load_app, load_module, load_name
from kailash_testkit.judge import baseline
from kailash_testkit.pages import require_jinja

if TYPE_CHECKING:
    from kailash_testkit.exploration import Exploration
    from kailash_testkit.explore.options import Options

_DESCRIPTION: Final = """\
Tries every operation of an application by its OpenAPI description, on a database of its own: with values that the
description allows, with those at the edges of what databases keep, in series, without credentials and as somebody
else, and with writes that are refused on purpose. Each request is judged by the rows that it changes, and is undone.
"""
_CODES: Final = """\
exit codes:
  0  nothing was found, or all of it is known
  1  something was found
  2  nothing was tried: the application cannot be imported, or an argument cannot be used
"""


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explore",
        help="try every operation of the API, with the database as the judge",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    add_database_argument(parser)
    _add_what(parser)
    _add_how(parser)
    _add_results(parser)
    parser.set_defaults(run=run)


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--app",
        metavar="MODULE:NAME",
        help="the ASGI application; default: testkit_app in pytest's settings",
    )
    parser.add_argument(
        "--serve",
        metavar="COMMAND",
        help="explore a server instead, which this command starts on the database and ends: "
        "'uvicorn shop.api:app --port {port}'",
    )
    parser.add_argument(
        "--url", metavar="URL", help="where that server answers; default: http://127.0.0.1:{port}, a free port"
    )
    parser.add_argument("--schema", type=Path, metavar="FILE", help="its OpenAPI description, where it has none itself")
    parser.add_argument(
        "--operations",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these, such as 'POST /orders' or 'GET /orders/*'; may be repeated",
    )
    parser.add_argument(
        "--factories",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with factories, which make the rows that requests are about; may be repeated",
    )
    for name, whose in (("--login", "the user"), ("--as-other", "another user")):
        parser.add_argument(
            name,
            metavar="MODULE:NAME",
            help=f"headers, or a coroutine that gets a client and returns headers, of {whose}",
        )
    parser.add_argument(
        "--owner-column",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that says whose a row is, beside the usual ones; may be repeated",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=60.0, metavar="N", help="the longest time (%(default)g)")
    parser.add_argument("--requests", type=int, metavar="N", help="the most requests")
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes, each with a share of the paths and of the requests, and a database of its own (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is chosen (%(default)s)")
    parser.add_argument("--check", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        metavar="CHECK: OPERATION",
        help="a check that is off for operations, 'server-error: POST /orders', or for all, 'server-error'; "
        "may be repeated",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="LINE",
        help="what a check leaves out, a line as in testkit_judge_allow, whose lines hold as well; may be repeated",
    )
    parser.add_argument("--no-failpoints", action="store_true", help="refuse no writes on purpose")


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a test for each finding into a file")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with all that was tried and found")
    parser.add_argument(
        "--remember", type=Path, metavar="FILE", help="keep what is found in a file, and try that first the next time"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="a file with findings that are known")
    parser.add_argument("--update-baseline", action="store_true", help="write what is found into that file")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    if arguments.update_baseline and arguments.baseline is None:
        raise ConfigurationError(
            "--update-baseline: no file to write to", do="name one: --baseline tests/explored.json"
        )
    if arguments.html is not None:
        require_jinja("--html")
    if arguments.workers < 1:
        raise ConfigurationError("--workers: there must be one, or more")
    if arguments.url is not None and arguments.serve is None:
        raise ConfigurationError(
            "--url without --serve",
            why="a server that runs already is on another database than the one that this command makes",
            do="let the command start it, --serve 'uvicorn shop.api:app --port 8000'; or explore it from a test, whose "
            'database it is on: kit.explore(ApiClient("http://..."))',
        )
    if arguments.workers > 1 and arguments.url is not None and "{port}" not in arguments.url:
        raise ConfigurationError("--workers with --url: each worker needs a server of its own", do="leave out --url")
    if arguments.workers == 1:
        return _told(*_tried(arguments, (0, 1)), arguments)
    return _told(*in_processes(arguments.workers, partial(_tried, arguments)), arguments)


def _tried(arguments: argparse.Namespace, share: tuple[int, int]) -> Result:
    """Explores a share of the operations: the place of it, and how many there are."""
    from kailash_testkit.explore.reproducing import logins_of

    project = settings_of_project(arguments.config_file)
    with (
        Progress() as progress,
        quiet(),
        application_on_own_database(arguments, project, progress) as application,
    ):
        app = None if arguments.serve else _app(arguments, project.values)
        options = _options(arguments, project.values, progress, share)
        application.create_database(progress)
        with unprinted():
            exploration = asyncio.run(_explored(application, app, options, arguments))
    return exploration, logins_of(options)


async def _explored(application: Application, app: Any, options: Options, arguments: argparse.Namespace) -> Exploration:
    from kailash_testkit.client import ApiClient
    from kailash_testkit.explore.exploring import explore

    async with application.opened() as kit:
        with contextlib.nullcontext(app) if app is not None else served(arguments.serve, arguments.url) as target:
            async with ApiClient(target, kit=kit) as api:
                return await explore(kit, api, options)


def _app(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> Any:
    target: str = arguments.app or settings.get("testkit_app") or ""
    if not target:
        raise ConfigurationError(
            "the kit does not know where the ASGI application lives",
            do="write it: --app shop.api:app, or set testkit_app in pytest's settings",
        )
    return load_app(target)


def _options(
    arguments: argparse.Namespace, settings: Mapping[str, Any], progress: Progress, share: tuple[int, int]
) -> Options:
    from kailash_testkit.explore.options import Options

    factories = [load_module(name, "--factories") for name in arguments.factories]
    allowed = settings.get("testkit_judge_allow") or ()
    lines = [line.strip() for line in allowed.splitlines()] if isinstance(allowed, str) else [*allowed]
    return Options(
        schema=arguments.schema,
        operations=[pattern for each in arguments.operations for pattern in _patterns(each)] or None,
        seconds=arguments.seconds,
        requests=None if arguments.requests is None else math.ceil(arguments.requests / share[1]),
        seed=arguments.seed,
        checks=arguments.check or None,
        skip=_skipped(arguments.skip),
        factories=factories or None,
        login=None if arguments.login is None else load_name("--login", arguments.login),
        as_other=None if arguments.as_other is None else load_name("--as-other", arguments.as_other),
        owner_columns=arguments.owner_column,
        allow=[*(line for line in lines if line), *arguments.allow],
        failpoints=not arguments.no_failpoints,
        baseline=None if arguments.update_baseline else arguments.baseline,
        remember=_of_share(arguments.remember, share),
        share=share,
        progress=progress,
    )


def _of_share(file: Path | None, share: tuple[int, int]) -> Path | None:
    """What a worker remembers is in a file of its own."""
    return file if file is None or share[1] == 1 else file.with_suffix(f".{share[0] + 1}{file.suffix}")


def _patterns(given: str) -> Sequence[str]:
    return [part.strip() for part in given.split(",") if part.strip()]


def _skipped(given: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in given:
        check, _, operation = line.partition(":")
        found.setdefault(operation.strip() or "*", []).append(check.strip())
    return found


def _told(exploration: Exploration, logins: Mapping[str, str], arguments: argparse.Namespace) -> int:
    """Writes what was asked for; returns the exit code."""
    from kailash_testkit.explore.reproducing import module_of

    if arguments.update_baseline:
        arguments.baseline.parent.mkdir(parents=True, exist_ok=True)
        arguments.baseline.write_text(baseline.text_of(each.key for each in exploration.findings), "utf-8")
        exploration.known, exploration.findings = exploration.findings, []
    if arguments.write is not None and exploration.findings:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(module_of(exploration.findings, logins), "utf-8")
    if arguments.html is not None:
        from kailash_testkit.explore.page import page

        arguments.html.parent.mkdir(parents=True, exist_ok=True)
        arguments.html.write_text(page(exploration), "utf-8")
    output = output_of(arguments)
    output.say(exploration.report())
    output.add(**json.loads(json.dumps(asdict(exploration), default=str)))
    return 1 if exploration.findings else 0
