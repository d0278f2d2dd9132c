"""``kailash-testkit clean``: removes what test runs kept, and what killed runs left behind."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.output import Output, output_of
from kailash_testkit.command_line.project_settings import add_config_argument, database_setting, settings_of_project
from kailash_testkit.databases.servers import Choice, given, kind_of
from kailash_testkit.databases.servers.interface import Administration
from kailash_testkit.databases.storage import kept_in, refusals, remove_folder, storage_roots, unused_folders
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.redaction import redact

_DESCRIPTION: Final = """\
Lists the databases that tests kept (--testkit-keep) and what runs that were killed left behind: files and
private servers on this machine, and databases on a server whose URL is given. Then removes them.
What a running test session uses is left alone, and so is what is not proved to be the kit's; that is listed
with the reason, and with the command that removes it, for you to judge.
"""
_CODES: Final = """\
exit codes:
  0  removed, or there is nothing to remove
  1  nothing was removed: not confirmed; or something listed could not be removed
  2  the server cannot be reached, or an argument cannot be used
"""


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "clean",
        help="remove databases that were kept or left behind",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="a server on which the kit made databases; default: the URL in TESTKIT_DATABASE, "
        "or of testkit_database in pytest's settings",
    )
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    add_config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    output = output_of(arguments)
    server = _server(arguments.database, arguments.config_file)
    try:
        finds = [*_folders(), *(_databases(server) if server else [])]
        refused = [*refusals(), *(given.refusals(server) if server else [])]
        output.add(left_alone=[redact(str(refusal)) for refusal in refused], found=[what for what, _ in finds])
        if refused:
            output.say("\n".join(["left alone:", *(f"  {redact(str(refusal))}" for refusal in refused)]))
        if not finds:
            output.add(removed=True, failures=[])
            output.say("nothing to remove")
            return 0
        output.say("\n".join(["to be removed:", *(f"  {description}" for description, _ in finds)]))
        if not (arguments.yes or _confirmed(output)):
            output.add(removed=False, failures=[])
            output.say("nothing was removed")
            return 1
        failures = [failure for _, remove in finds if (failure := remove()) is not None]
        output.add(removed=not failures, failures=failures)
        output.say("\n".join(["not removed:", *(f"  {failure}" for failure in failures)]) if failures else "removed")
        return 1 if failures else 0
    finally:
        if server is not None:
            server.close()


Removal = Callable[[], str | None]
"""Removes something; returns why it is still there, None when it is gone."""


def _folders() -> list[tuple[str, Removal]]:
    """What is on this machine, in words, and how it is removed."""
    folders = [folder for root in storage_roots() for folder in unused_folders(root)]
    return [(_described(folder), partial(_remove_folder, folder)) for folder in folders]


def _remove_folder(folder: Path) -> str | None:
    return None if remove_folder(folder) else f"{folder}: a server runs in it that did not end, or is not proved ours"


def _described(folder: Path) -> str:
    kept = kept_in(folder)
    return f"{folder}, kept: {kept}" if kept is not None else f"{folder}, left by a run that was killed"


def _databases(server: Administration) -> list[tuple[str, Removal]]:
    """What is on the server that is proved to be the kit's and not in use, in words, and how it is removed."""
    unused = [found for found in server.found() if not found.in_use and found.refused is None]
    reasons = [f"kept: {found.reason}" if found.reason else "left by a run that was killed" for found in unused]
    return [
        (f"database {found.name}, {reason}", partial(_drop, server, found.name))
        for found, reason in zip(unused, reasons, strict=True)
    ]


def _drop(server: Administration, name: str) -> str | None:
    try:
        server.drop(name)
    except UnsafeDatabase as error:
        return str(error)
    return None


def _server(url: str | None, config_file: str) -> Administration | None:
    """The server that is named by the argument, or else by the settings; None when these name none."""
    named = (url, "--database") if url is not None else database_setting(settings_of_project(config_file))
    choice = Choice.of(*named)
    return kind_of(choice).administration(choice.server_url) if choice.server_url else None


def _confirmed(output: Output) -> bool:
    if output.is_json or not sys.stdin.isatty():
        output.say("to remove them, run it again with --yes")
        return False
    return input("remove? [y/N] ").strip().lower() in ("y", "yes")
