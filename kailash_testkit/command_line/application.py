"""Imports the user's application for a command: with their settings, without their database."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import tempfile
import tomllib
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from kailash_testkit.errors import ConfigurationError

PROJECT_FILE: Final = Path("pyproject.toml")
_DEFAULT_VARIABLE: Final = "DATABASE_URL"


def pytest_settings() -> Mapping[str, Any]:
    """What ``./pyproject.toml`` says in ``[tool.pytest.ini_options]``. Raises `ConfigurationError`."""
    try:
        project: Mapping[str, Any] = tomllib.loads(PROJECT_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{PROJECT_FILE.absolute()} cannot be read: {error}") from None
    found: object = project.get("tool", {}).get("pytest", {}).get("ini_options", {})
    return cast("Mapping[str, Any]", found)


def words(setting: object) -> list[str]:
    """A setting of several words, which may be a list or a text, as pytest takes it."""
    if isinstance(setting, str):
        return shlex.split(setting)
    return [str(word) for word in cast("Iterable[object]", setting or [])]


@contextlib.contextmanager
def importable(settings: Mapping[str, Any], variables: Iterable[str]) -> Generator[None, None, None]:
    """For a block: modules are found as in the project's pytest sessions, and the URL variables name a
    database that nobody uses. What the application prints goes to stderr.

    variables: by default those of ``testkit_url_env``, else ``DATABASE_URL``.
    """
    before, path = dict(os.environ), list(sys.path)
    folder_of_migrations = Path.cwd() / "migrations"
    had_migrations = folder_of_migrations.exists()
    sys.path[:0] = [str(Path(entry).absolute()) for entry in [*words(settings.get("pythonpath")), "."]]
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-", ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{Path(folder) / 'unused.db'}"
        names = list(variables) or words(settings.get("testkit_url_env")) or [_DEFAULT_VARIABLE]
        os.environ.update(dict.fromkeys(names, url))
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
