"""The command line's parser."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from kailash_testkit.command_line import clean, doctor, explain_error, explore, generate, guide, init, lint
from kailash_testkit.command_line.output import Output, add_json_argument
from kailash_testkit.errors import KitError
from kailash_testkit.version import __version__

COMMANDS: Final = (init, generate, explore, doctor, lint, clean, explain_error, guide)
"""Modules with ``add(commands)``, which declares a parser whose default ``run`` returns the exit code."""

FAILED: Final = 2
"""The exit code when the command could not do its work; 1 is the answer "no" of a check."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0 done, 1 a check found something, 2 not done."""
    parser = argparse.ArgumentParser(
        prog="kailash-testkit", description="The test kit for applications built on Kailash DataFlow."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for each in commands.choices.values():
        add_json_argument(each)
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help(sys.stderr)
        return FAILED
    chosen.command_output = output = Output(chosen.command, is_json=chosen.json)
    try:
        code: int = chosen.run(chosen)
    except KitError as error:
        lines = [f"kailash-testkit {chosen.command}: {error}", *getattr(error, "__notes__", ())]
        print("\n".join(lines), file=sys.stderr)  # noqa: T201 - a command's output
        output.add(error={"type": type(error).__name__, "message": str(error)})
        code = FAILED
    output.finish(code)
    return code
