"""``kailash-testkit guide``: prints the rules for tests with the kit, short enough for a coding agent's context."""

from __future__ import annotations

import argparse
from typing import Any, Final

from kailash_testkit.command_line.documentation import documentation
from kailash_testkit.command_line.output import output_of

_CODES: Final = """\
exit codes:
  0  printed
"""


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "guide",
        help="print the rules for writing tests with the kit, for coding agents",
        description="Prints a compact guide to writing tests with the kit, for coding agents, and for people in "
        "a hurry. `kailash-testkit init --guide` places it beside the tests.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    output = output_of(arguments)
    output.say(f"{guide()}\nThe pages are in {documentation()}; llms.txt there lists them")
    output.add(guide=guide(), folder=str(documentation()))
    return 0


def guide() -> str:
    """The text of the guide."""
    return (documentation() / "guide.md").read_text("utf-8")
