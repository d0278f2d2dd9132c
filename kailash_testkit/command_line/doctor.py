"""``kailash-testkit doctor``: which values an application's models do not give back as they were stored."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from kailash_testkit.command_line.application import add_arguments, variables_of
from kailash_testkit.command_line.output import output_of
from kailash_testkit.command_line.own_database import Application, add_database_argument, application_on_own_database
from kailash_testkit.command_line.progress import Progress
from kailash_testkit.command_line.project_settings import settings_of_project
from kailash_testkit.command_line.quiet import quiet
from kailash_testkit.doctor import Diagnosis, diagnose
from kailash_testkit.doctor.surroundings import advice
from kailash_testkit.doctor.table import text
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.importer import load_app
from kailash_testkit.text import closest_match, comma_join

_DESCRIPTION: Final = """\
Stores values in every field of every model of a DataFlow, usual ones and those at which databases give way,
reads them back, and lists what did not come back as it went in, with what to do about it. Then looks at the
settings that make tests slow, or make them lie. It works in a database of its own, which it removes.
"""
_CODES: Final = """\
exit codes:
  0  nothing is lost, and no setting bites
  1  a value is lost, or a setting makes tests fail or lie
  2  nothing was done: the application cannot be imported, or an argument cannot be used
"""
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="find the values that do not come back as they were stored, and settings that bite",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    add_database_argument(parser)
    parser.add_argument(
        "--app",
        metavar="MODULE:NAME",
        help="the ASGI application, whose settings are looked at; default: testkit_app in pytest's settings",
    )
    parser.add_argument("--only", action="append", default=[], metavar="MODEL", help="only this model; may be repeated")
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="WHAT",
        help="show it, and do not fail for it: what went in ('looks like SQL'), a declared type ('bytes'), or "
        "Model.field; may be repeated",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    diagnosis = _diagnosis(arguments).accepting(arguments.accept)
    output = output_of(arguments)
    output.say(_coloured(text(diagnosis)).removesuffix("\n"))
    output.add(**diagnosis.as_json())
    return 0 if diagnosis.is_healthy else 1


def _diagnosis(arguments: argparse.Namespace) -> Diagnosis:
    project = settings_of_project(arguments.config_file)
    settings = project.values
    own_url = next((os.environ[name] for name in variables_of(arguments, settings) if name in os.environ), "")
    with (
        Progress() as progress,
        quiet(),
        application_on_own_database(arguments, project, progress) as application,
    ):
        dataflow = application.dataflow
        models = _chosen(dataflow, arguments.only)
        found = advice(dataflow, own_url, application.url, _app(arguments, settings), settings)
        application.create_database(progress)
        return asyncio.run(_examined(application, models, found, progress))


async def _examined(application: Application, models: list[str], found: list[Any], progress: Progress) -> Diagnosis:
    async with application.opened() as kit:
        return await diagnose(kit, application.server.describe(), models, found, progress)


def _chosen(dataflow: Any, only: list[str]) -> list[str]:
    models = list(dataflow.get_models())
    for name in only:
        if name not in models:
            guess = closest_match(name, models)
            raise ConfigurationError(
                f"--only {name}: no such model" + (f": did you mean {guess!r}?" if guess else ""),
                do=f"use one of: {comma_join(models)}",
            )
    return [name for name in models if name in only] if only else models


def _app(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> Any:
    target: str = arguments.app or settings.get("testkit_app") or ""
    return load_app(target) if target else None


def _coloured(plain_text: str) -> str:
    """The same with headings in bold on a terminal, unless NO_COLOR is set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return plain_text
    lines = plain_text.splitlines()
    return (
        "\n".join(f"{_BOLD}{line}{_PLAIN}" if line.startswith(("LOST", "SETTING")) else line for line in lines) + "\n"
    )
