"""Who set a URL variable after the kit did: an application that read it then connects elsewhere."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from kailash_testkit.databases.urls import same_database
from kailash_testkit.errors import UnsafeDatabase
from kailash_testkit.redaction import redact

_SETTING: Final = r"(?:environ\W+{0}\W+=[^=]|setenv\(\W*{0}|environ\.(?:update|setdefault)\(.*{0})"


@dataclass(frozen=True)
class UrlChange:
    """A variable got another value. who: what set it, with the line; fixture: its name, None for an import."""

    variable: str
    value: str
    who: str
    fixture: str | None


class UrlChanges:
    """Compares the variables with what the kit set them to.

    expected: the values that the kit set, by variable.
    """

    def __init__(self, expected: Callable[[], dict[str, str]]) -> None:
        self._expected = expected
        self._changes: list[UrlChange] = []
        self._refusals: dict[str, UnsafeDatabase] = {}

    def refusal_of(self, url: str) -> UnsafeDatabase | None:
        """What to raise when the suite itself set a variable to that URL, each time the same; None when it did not."""
        change = next((change for change in reversed(self._changes) if same_database(change.value, url)), None)
        if change is not None and url not in self._refusals:
            self._refusals[url] = self._refusal(change, url)
        return self._refusals.get(url)

    def _refusal(self, change: UrlChange, url: str) -> UnsafeDatabase:
        return UnsafeDatabase(
            f"the application connects to {redact(url)}, not to the test database",
            details=[f"{change.variable} was set to it {change.who}"],
            why=f"the kit makes a test database, and sets {change.variable} to it before anything is imported",
            do="leave that line out; or hand the kit that database with a fixture of scope session: "
            f"def testkit_dataflow({change.fixture or ''}), which returns the instance",
        )

    def after_imports(self, config: pytest.Config) -> None:
        """The conftests have been imported."""
        for variable, value in self._new():
            files = [Path(plugin.__file__) for plugin in config.pluginmanager.get_plugins() if _is_conftest(plugin)]
            places = (f"{file}:{line}" for file in files if (line := _line(_source(file), variable)))
            self._add(variable, value, f"at {next(places, 'an import')}", None)

    def when_loaded(self) -> None:
        """The application is there, and what was imported with it."""
        for variable, value in self._new():
            self._add(variable, value, "after the kit had set it, as load_dotenv(override=True) does", None)

    def after_fixture(self, definition: Any) -> None:
        """A fixture has been set up."""
        get = os.environ.get
        if all(get(variable, value) == value for variable, value in self._expected().items()):
            return  # nearly always; one that is gone has no new value
        for variable, value in self._new():
            place = _place(definition.func, variable)
            self._add(variable, value, f"by the fixture {definition.argname}, at {place}", definition.argname)

    def _new(self) -> list[tuple[str, str]]:
        known = [(change.variable, change.value) for change in self._changes]
        now = {variable: os.environ.get(variable, "") for variable in self._expected()}
        differing = [(variable, value) for variable, value in now.items() if value != self._expected()[variable]]
        return [each for each in differing if each[1] and each not in known]

    def _add(self, variable: str, value: str, who: str, fixture: str | None) -> None:
        self._changes.append(UrlChange(variable, value, who, fixture))


def _is_conftest(plugin: object) -> bool:
    return Path(str(getattr(plugin, "__file__", ""))).name == "conftest.py"


def _source(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _place(function: Callable[..., object], variable: str) -> str:
    """The line in a function that sets a variable, or where the function begins."""
    code = inspect.unwrap(function).__code__
    try:
        lines, first = inspect.getsourcelines(code)
    except OSError:
        lines, first = [], code.co_firstlineno
    return f"{code.co_filename}:{first + (_line(lines, variable) or 1) - 1}"


def _line(lines: Iterable[str], variable: str) -> int | None:
    """The number of the line that sets a variable, from 1; else of the first that names it."""
    name = re.escape(variable)
    numbered = [*enumerate(lines, 1)]
    for pattern in (_SETTING.format(name), rf"\b{name}\b"):
        for number, line in numbered:
            if re.search(pattern, line):
                return number
    return None
