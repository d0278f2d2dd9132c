"""``kailash-testkit explain-error``: prints the page of an error, from the documentation that is installed."""

from __future__ import annotations

import argparse
import inspect
from typing import Any, Final

from kailash_testkit import errors
from kailash_testkit.command_line.documentation import documentation
from kailash_testkit.command_line.output import output_of
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.text import closest_match

_CODES: Final = """\
exit codes:
  0  printed
  2  there is no such error
"""


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain-error",
        help="print what an error means, and what to do about it",
        description="Prints the page of an error: its messages, their causes and cures, with examples. "
        "Without a name it lists all errors.",
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the error, such as RowNotFound")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    output = output_of(arguments)
    if arguments.name is None:
        output.say(_listing())
        output.add(errors=_documented())
        return 0
    name = arguments.name.rpartition(".")[2]
    page = _page(name)
    output.say(f"{page}\n\nThe pages are in {documentation()}")
    output.add(name=name, page=page, folder=str(documentation()))
    return 0


def _documented() -> dict[str, str]:
    """The errors that have a page, each with its first sentence."""
    found = {
        name: inspect.getdoc(kind) or ""
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.KitError) and kind is not errors.KitError
    }
    return {name: text.partition("\n\n")[0].replace("\n", " ") for name, text in sorted(found.items())}


def _listing() -> str:
    names = _documented()
    width = max(map(len, names))
    return "\n".join(f"{name:<{width}}  {text}" for name, text in names.items())


def _page(name: str) -> str:
    if name not in _documented():
        close = closest_match(name, _documented())
        raise ConfigurationError(
            f"{name} is no error of the kit" + (f": did you mean {close}?" if close else ""),
            do="kailash-testkit explain-error, without a name, lists them",
        )
    return (documentation() / "errors" / f"{name}.md").read_text("utf-8").rstrip()
