"""Imports the user's application for a command: with their settings, without their database."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from kailash_testkit.command_line.project_settings import add_config_argument, words
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.importer import load_dataflow, load_module

_DEFAULT_VARIABLE: Final = "DATABASE_URL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments about importing the application."""
    parser.add_argument(
        "target",
        nargs="?",
        metavar="MODULE:NAME",
        help="the DataFlow instance, or a function that returns it; default: testkit_dataflow in pytest's settings",
    )
    parser.add_argument(
        "--import",
        action="append",
        default=[],
        dest="modules",
        metavar="MODULE",
        help="import this module too, because it registers models; may be repeated",
    )
    parser.add_argument(
        "--url-env",
        action="append",
        default=[],
        metavar="VARIABLE",
        help="a variable that the application reads its database URL from, set to a throw-away database meanwhile; "
        "may be repeated; default: testkit_url_env in pytest's settings, else DATABASE_URL",
    )
    add_config_argument(parser)


def target_of(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> str:
    """Where the DataFlow instance lives. Raises `ConfigurationError`."""
    named = str(settings.get("testkit_dataflow") or "").partition(",")[0].strip()  # the first of several
    target: str = arguments.target or named
    if not target:
        raise ConfigurationError(
            "the kit does not know where the DataFlow instance lives",
            do=f"write it: kailash-testkit {arguments.command} shop.models:db, or set testkit_dataflow "
            "in pytest's settings",
        )
    return target


def loaded(target: str, arguments: argparse.Namespace) -> Any:
    """The DataFlow instance, with the models of further modules. Raises `ConfigurationError`."""
    try:
        dataflow = load_dataflow(target, "MODULE:NAME" if arguments.target else "testkit_dataflow")
        for module in arguments.modules:
            load_module(module, "--import")
    except ConfigurationError as error:
        hint = "--url-env does what testkit_url_env does"
        do = f"{error.do}; {hint}" if "testkit_url_env" in (error.do or "") else error.do
        raise ConfigurationError(error.what, why=error.why, do=do) from error
    if not dataflow.get_models():
        raise ConfigurationError(
            f"no models are registered with {target}",
            why="the module that declares them was not imported",
            do="name it: --import shop.models",
        )
    return dataflow


def variables_of(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> list[str]:
    """The variables that the application reads its URL from."""
    named = [word for each in words(settings.get("testkit_url_env")) for word in re.split("[,+]", each) if word]
    return list(arguments.url_env) or named or [_DEFAULT_VARIABLE]


def import_roots(settings: Mapping[str, Any]) -> list[Path]:
    """The folders in which modules are found, as in the project's pytest sessions."""
    return [Path(entry).absolute() for entry in [*words(settings.get("pythonpath")), "."]]


@contextlib.contextmanager
def importable(
    settings: Mapping[str, Any], variables: Iterable[str], url: str | None = None
) -> Generator[None, None, None]:
    """For a block: modules are found as in the project's pytest sessions, and the variables name a database.

    url: that database; by default one that nobody uses. What the application prints goes to stderr.
    """
    before, path = dict(os.environ), list(sys.path)
    folder_of_migrations = Path.cwd() / "migrations"
    had_migrations = folder_of_migrations.exists()
    sys.path[:0] = map(str, import_roots(settings))
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-", ignore_cleanup_errors=True) as folder:
        unused = f"sqlite:///{Path(folder).resolve() / 'unused.db'}"
        os.environ.update(dict.fromkeys(variables, url or unused))
        try:
            with contextlib.redirect_stdout(sys.stderr):
                yield
        finally:
            sys.path[:] = path
            os.environ.clear()
            os.environ.update(before)
            if not had_migrations:
                with contextlib.suppress(OSError):  # DataFlow may leave an empty folder where it is started
                    folder_of_migrations.rmdir()
