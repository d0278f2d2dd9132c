"""What a command says: lines for people, or with ``--json`` one object for programs. Both go to stdout, once."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

FORMAT: Final = 1
"""Of the object: keys may be added under the same number; one that is renamed or dropped raises it."""


class Output:
    """Collects what a command found, and says it as asked.

    is_json: print nothing but one JSON object, at the end.
    """

    def __init__(self, command: str, *, is_json: bool) -> None:
        self.is_json = is_json
        self._command = command
        self._values: dict[str, Any] = {}

    def say(self, text: str) -> None:
        """A line, or several, for people."""
        if not self.is_json:
            sys.stdout.write(f"{text}\n")

    def add(self, **values: Any) -> None:
        """Keys of the object for programs; values that JSON can hold."""
        self._values |= values

    def finish(self, exit_code: int) -> None:
        """Prints the object, if there is to be one."""
        if self.is_json:
            found = {"format": FORMAT, "command": self._command, "exit_code": exit_code, **self._values}
            sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Adds the option that each command has."""
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def output_of(arguments: argparse.Namespace) -> Output:
    """The output that the command line made for a command."""
    output: Output = arguments.command_output
    return output
