"""The project's pytest settings, as a command finds them without starting a session."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import pytest
from _pytest.config.findpaths import load_config_dict_from_file, locate_config

from kailash_testkit.databases.servers.choosing import VARIABLE
from kailash_testkit.errors import ConfigurationError

_DATABASE_OPTION: Final = "--testkit-database"
_MORE_ARGUMENTS: Final = "PYTEST_ADDOPTS"


@dataclass(frozen=True)
class ProjectSettings:
    """What a pytest session would have.

    file: None where there is none; it may be without a section for pytest. values: what that section says, and what
    ``-o`` in ``addopts`` or ``PYTEST_ADDOPTS`` puts in its place. database_option: ``--testkit-database`` there.
    """

    file: Path | None
    values: Mapping[str, Any]
    database_option: str = ""


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    """Adds ``-c FILE``."""
    parser.add_argument(
        "-c",
        "--config-file",
        default="",
        metavar="FILE",
        help="the file with pytest's settings, as for pytest -c; default: the one that pytest finds",
    )


def pytest_settings(config_file: str = "") -> Mapping[str, Any]:
    """What pytest's settings say, see `settings_of_project`. Raises `ConfigurationError`."""
    return settings_of_project(config_file).values


def settings_of_project(config_file: str = "") -> ProjectSettings:
    """The settings that pytest would have if it were started in the working directory.

    They are in the file that is named, here or with ``-c`` in ``PYTEST_ADDOPTS``; else in the first of pytest.toml,
    pytest.ini, pyproject.toml, tox.ini and setup.cfg with a section for pytest, here or in a folder above. The folders
    of ``pythonpath`` are absolute. Raises `ConfigurationError`.
    """
    environment = _parsed(os.environ.get(_MORE_ARGUMENTS, ""), _MORE_ARGUMENTS)
    file, values = _read(config_file or environment.config_file)
    addopts = _parsed(values.get("addopts"), "addopts")
    for override in [*addopts.overrides, *environment.overrides]:
        name, _, value = override.partition("=")
        values[name] = value
    if "pythonpath" in values:
        beside = file.parent if file is not None else Path.cwd()
        values["pythonpath"] = [str(beside / entry) for entry in words(values["pythonpath"])]
    return ProjectSettings(file, values, environment.database or addopts.database)


def _read(named: str) -> tuple[Path | None, dict[str, Any]]:
    try:
        if named:
            path = Path(named).absolute()
            if not path.is_file():
                raise ConfigurationError(f"there is no file {named}", do="name pytest's settings file: -c FILE")
            file: Path | None = path
            found: Mapping[str, Any] = load_config_dict_from_file(path) or {}
        else:
            file, found = locate_config(Path.cwd(), [Path.cwd()])[1:3]
    except (pytest.UsageError, pytest.fail.Exception, OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"pytest's settings cannot be read: {error}") from None
    return file, {name: getattr(value, "value", value) for name, value in found.items()}


def _parsed(arguments: object, place: str) -> argparse.Namespace:
    """What arguments of pytest say that concerns the commands. Raises `ConfigurationError`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-c", "--config-file", default="")
    parser.add_argument("-o", "--override-ini", action="append", default=[], dest="overrides")
    parser.add_argument(_DATABASE_OPTION, default="", dest="database")
    try:
        return parser.parse_known_args(words(arguments))[0]
    except (argparse.ArgumentError, ValueError) as error:
        raise ConfigurationError(f"{place} cannot be read: {error}") from None


def words(setting: object) -> list[str]:
    """A setting of several words, which may be a list or a text, as pytest takes it."""
    if isinstance(setting, str):
        return shlex.split(setting)
    return [str(word) for word in cast("Iterable[object]", setting or [])]


def database_setting(settings: ProjectSettings) -> tuple[str, str]:
    """What to test on, and what says so: an option goes before the environment, and that before the file."""
    if settings.database_option:
        return settings.database_option, _DATABASE_OPTION
    in_environment = os.environ.get(VARIABLE)
    if in_environment:
        return in_environment, VARIABLE
    return str(settings.values.get("testkit_database") or "sqlite"), "testkit_database"
