"""The project's pytest settings, as a command finds them without starting a session."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from _pytest.config.findpaths import locate_config

from kailash_testkit.databases.servers.choosing import VARIABLE
from kailash_testkit.errors import ConfigurationError


def pytest_settings() -> Mapping[str, Any]:
    """What the file says that pytest would read if it were started in the working directory.

    That is the first of pytest.toml, pytest.ini, pyproject.toml, tox.ini and setup.cfg with a section for pytest, here
    or in a folder above. The folders of ``pythonpath`` are absolute. Raises `ConfigurationError`.
    """
    return settings_file()[1]


def settings_file() -> tuple[Path | None, Mapping[str, Any]]:
    """That file, None where there is none, and what it says. A file of that name may be without a section."""
    folder = Path.cwd()
    try:
        file, found = locate_config(folder, [folder])[1:3]
    except pytest.UsageError as error:
        raise ConfigurationError(f"pytest's settings cannot be read: {error}") from None
    settings: dict[str, Any] = {name: getattr(value, "value", value) for name, value in found.items()}
    if file is not None and "pythonpath" in settings:
        settings["pythonpath"] = [str(file.parent / entry) for entry in words(settings["pythonpath"])]
    return file, settings


def words(setting: object) -> list[str]:
    """A setting of several words, which may be a list or a text, as pytest takes it."""
    if isinstance(setting, str):
        return shlex.split(setting)
    return [str(word) for word in cast("Iterable[object]", setting or [])]


def database_setting(settings: Mapping[str, Any]) -> tuple[str, str]:
    """What to test on, and what says so: the environment goes before the file, as in a session."""
    in_environment = os.environ.get(VARIABLE)
    return (in_environment, VARIABLE) if in_environment else _in_file(settings)


def _in_file(settings: Mapping[str, Any]) -> tuple[str, str]:
    return str(settings.get("testkit_database") or "sqlite"), "testkit_database"
