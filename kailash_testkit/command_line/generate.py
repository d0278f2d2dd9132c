"""``kailash-testkit generate``: writes, or checks, the module of typed factories."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.application import (
    add_arguments,
    import_roots,
    importable,
    loaded,
    target_of,
    variables_of,
)
from kailash_testkit.command_line.output import output_of
from kailash_testkit.command_line.progress import Progress
from kailash_testkit.command_line.project_settings import pytest_settings
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.generate.drift import drift
from kailash_testkit.generate.fixtures import generate_fixtures, module_name
from kailash_testkit.generate.module import MARKER, generate_module
from kailash_testkit.generate.parameters import parameters_of
from kailash_testkit.importer import load_module

_SHORTEST_LINE: Final = 79
_DESCRIPTION: Final = """\
Writes a module of typed factories for the models of a DataFlow: mypy and pyright then refuse a misspelt
field and a wrong type wherever a test makes, finds or expects rows. Check the module in, and extend it
in a module of your own; it is written again whenever the models change.
"""
_CODES: Final = """\
exit codes:
  0  written, or with --check: the file is up to date
  1  --check: the file differs; the models and fields that do are listed
  2  nothing was done: the application cannot be imported, or an argument cannot be used
"""


def add(commands: Any) -> None:
    """Adds the command's parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "generate",
        help="write a module of typed factories",
        description=_DESCRIPTION,
        epilog=_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", type=Path, metavar="FILE", help="the file to write or check")
    where.add_argument("--stdout", action="store_true", help="print the module instead of writing a file")
    parser.add_argument(
        "--fixtures", type=Path, metavar="FILE", help="write, or check, a module of typed pytest fixtures as well"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the file is up to date")
    parser.add_argument("--only", action="append", default=[], metavar="MODEL", help="only this model; may be repeated")
    add_arguments(parser)
    parser.add_argument(
        "--factories",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with factories, whose traits and parameters become keywords, too; may be repeated",
    )
    parser.add_argument(
        "--line-length", type=int, default=88, metavar="N", help="longest line of the file (%(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command with parsed arguments."""
    if arguments.check and arguments.stdout:
        raise ConfigurationError("--check compares with a file", do="name it: --check -o tests/factories.py")
    if arguments.fixtures and arguments.stdout:
        raise ConfigurationError("--fixtures imports the module of factories", do="write that to a file: -o FILE")
    if arguments.line_length < _SHORTEST_LINE:
        raise ConfigurationError(
            f"--line-length {arguments.line_length} is too short", do=f"give {_SHORTEST_LINE} or more"
        )
    settings = pytest_settings(arguments.config_file)
    target = target_of(arguments, settings)
    text, fixtures = _generated(target, settings, arguments)
    if arguments.stdout:
        output_of(arguments).say(text.removesuffix("\n"))
        output_of(arguments).add(module=text)
        return 0
    files = [(arguments.output, text), *([(arguments.fixtures, fixtures)] if arguments.fixtures else [])]
    results = [_checked(file, each) if arguments.check else _written(file, each) for file, each in files]
    output = output_of(arguments)
    output.add(files=[asdict(result) for result in results])
    for result in results:
        output.say(result.text())
    return int(any(result.is_stale for result in results))


def _generated(target: str, settings: Mapping[str, Any], arguments: argparse.Namespace) -> tuple[str, str]:
    """The modules of factories and of fixtures."""
    only: Sequence[str] = arguments.only
    with importable(settings, variables_of(arguments, settings)), Progress() as progress:
        progress(f"importing {target}")
        dataflow = loaded(target, arguments)
        factories: Sequence[str] = arguments.factories
        parameters = parameters_of(load_module(name, "--factories") for name in factories)
        text = generate_module(
            dataflow,
            target,
            only=only,
            line_length=arguments.line_length,
            parameters=parameters,
            factories=factories,
        )
        fixtures = ""
        if arguments.fixtures:
            module = module_name(arguments.output, import_roots(settings))
            fixtures = generate_fixtures(dataflow, target, module, only=only, line_length=arguments.line_length)
        dataflow.close()
    return text, fixtures


@dataclass(frozen=True)
class _Result:
    """What became of a file. status: written, up to date, out of date or missing. drift: what differs, in lines."""

    file: str
    status: str
    drift: list[str] = field(default_factory=list[str])

    @property
    def is_stale(self) -> bool:
        return self.status in ("out of date", "missing")

    def text(self) -> str:
        """For people."""
        if self.status == "missing":
            return f"{self.file} does not exist"
        if self.status == "out of date":
            again = "run the command again without --check, and check the file in"
            return "\n".join([f"{self.file} is out of date:", *(f"  {line}" for line in self.drift), again])
        return f"{self.file} {'was' if self.status == 'written' else 'is'} {self.status}"


def _written(file: Path, text: str) -> _Result:
    if file.exists():
        current = file.read_text(encoding="utf-8")
        if current == text:
            return _Result(str(file), "up to date")
        if current.strip() and MARKER not in current:
            raise ConfigurationError(
                f"{file} was not written by this command, and is left as it is",
                do="give another file, such as -o tests/generated.py, and import from it",
            )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return _Result(str(file), "written")


def _checked(file: Path, text: str) -> _Result:
    if not file.exists():
        return _Result(str(file), "missing")
    lines = drift(file.read_text(encoding="utf-8"), text)
    return _Result(str(file), "out of date", [*lines]) if lines else _Result(str(file), "up to date")
