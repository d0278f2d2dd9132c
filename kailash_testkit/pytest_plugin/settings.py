"""The plugin's settings: ini options and command-line options."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pytest

from kailash_testkit import http_library
from kailash_testkit.databases.naming import checked_stem
from kailash_testkit.databases.servers import Choice
from kailash_testkit.databases.servers.choosing import VARIABLE
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pytest_plugin.other_databases import SETTING, Policy
from kailash_testkit.redaction import Rule
from kailash_testkit.text import closest_match, comma_join

Lifespan = Literal["session", "test"]

MARKER_HELP: Final = (
    'testkit(isolation="journal"): what happens to the rows that a test wrote: '
    '"journal" undoes them after the test, "none" leaves them; judge="error", judge_allow="read-wrote: Visit": '
    "what the judge does; failpoints=True: the test runs again with the writes of its requests refused; "
    'queries=20: how many statements may run; n_plus_one="off", n_plus_one_allow="POST /batch": what is done about N+1'
)
_MARKER: Final = {"isolation", "judge", "judge_allow", "failpoints", "queries", "n_plus_one", "n_plus_one_allow"}
_ISOLATION: Final = ("journal", "none")
_DEFAULT_VARIABLE: Final = "DATABASE_URL"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini(
        "testkit_dataflow",
        "where the DataFlow instance lives: 'shop.models:db'; several, separated by commas, get a database each",
        default="",
    )
    parser.addini("testkit_app", "the ASGI application: 'shop.api:app', or a function that makes it", default="")
    parser.addini(
        "testkit_url_env",
        "variables the application reads its URL from (DATABASE_URL); with several instances one for each, in order",
        type="args",
        default=[],
    )
    parser.addini("testkit_database", "what to test on, as --testkit-database", default="")
    parser.addini("testkit_database_name", "stem of the test database's name", default="testkit")
    parser.addini(
        "testkit_httpx", "the library of the client: 'httpx' or 'httpx2'; the latter where it is installed", default=""
    )
    parser.addini("testkit_lifespan", "lifespan runs once per 'session' or 'test'", default="session")
    for phase in ("startup", "shutdown"):
        parser.addini(
            f"testkit_{phase}_timeout", f"seconds that the application's {phase} may take; or 'off'", default="10"
        )
    parser.addini(
        "testkit_other_databases", "DataFlow instances at other databases: 'refuse' or 'allow'", default="refuse"
    )
    parser.addini(
        "testkit_default_limits",
        "lists of the application that DataFlow's default limits cut (ListNode 10, express 100): 'report' or 'error'",
        default="report",
    )
    parser.addini("testkit_redact", "further fields whose values are not shown, 'field, field'; or 'off'", default="")
    group = parser.getgroup("kailash-testkit")
    group.addoption(
        "--testkit-database",
        metavar="KIND|URL",
        help="what to test on: sqlite (a private file; the default), postgresql, mariadb or mysql (a private server), "
        "or the URL of a server to make private databases on; also in the variable TESTKIT_DATABASE",
    )
    group.addoption(
        "--testkit-keep",
        action="store_true",
        help="stop at the first test that fails, keep its database with the rows it left, and say how to open it",
    )
    group.addoption(
        "--testkit-live",
        action="store_true",
        help="serve the application with uvicorn on a free loopback port; the same tests, over HTTP",
    )
    group.addoption(
        "--testkit-verify",
        action="store_true",
        help="after each undo compare the whole database with the state it should be in",
    )


@dataclass(frozen=True)
class Settings:
    """What the project's configuration says about the kit."""

    database: Choice
    keep: bool
    dataflows: tuple[str, ...]
    app: str
    variables_of_databases: tuple[tuple[str, ...], ...]
    other_databases: Policy
    database_name: str
    lifespan: Lifespan
    verify: bool
    redact: Rule
    limits_are_errors: bool = False
    live: bool = False
    runs_tests: bool = True
    """Whether the command line lets this process run tests: not only collect them, nor start workers."""
    http_library: str = ""
    startup_timeout: float | None = None
    shutdown_timeout: float | None = None

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        """Reads and checks the options of a pytest configuration. Raises `pytest.UsageError`."""
        try:
            return cls._read(config)
        except ConfigurationError as error:
            raise pytest.UsageError(str(error)) from None

    @classmethod
    def _read(cls, config: pytest.Config) -> Settings:
        options = config.known_args_namespace  # getoption() has only defaults before conftests are loaded
        lifespan = config.getini("testkit_lifespan")
        if lifespan not in ("session", "test"):
            raise ConfigurationError(f"testkit_lifespan = {lifespan!r}", do="use 'session' or 'test'")
        name = checked_stem(config.getini("testkit_database_name"))
        others = config.getini(SETTING)
        if others not in ("refuse", "allow"):
            raise ConfigurationError(f"{SETTING} = {others!r}", do="use 'refuse' or 'allow'")
        limits = config.getini("testkit_default_limits")
        if limits not in ("report", "error"):
            raise ConfigurationError(f"testkit_default_limits = {limits!r}", do="use 'report' or 'error'")
        targets: str = config.getini("testkit_dataflow")
        dataflows = tuple(target.strip() for target in targets.split(",") if target.strip())
        return cls(
            database=_database(getattr(options, "testkit_database", None), config.getini("testkit_database")),
            keep=getattr(options, "testkit_keep", False),
            dataflows=dataflows,
            app=config.getini("testkit_app"),
            variables_of_databases=_paired(dataflows, config.getini("testkit_url_env")),
            other_databases=others,
            database_name=name,
            lifespan=lifespan,
            verify=getattr(options, "testkit_verify", False),
            redact=_rule(config.getini("testkit_redact")),
            limits_are_errors=limits == "error",
            live=getattr(options, "testkit_live", False),
            runs_tests=not (options.collectonly or getattr(options, "numprocesses", None)),
            http_library=_http_library(config.getini("testkit_httpx")),
            startup_timeout=_seconds("testkit_startup_timeout", config),
            shutdown_timeout=_seconds("testkit_shutdown_timeout", config),
        )

    @property
    def dataflow(self) -> str:
        """Where the first DataFlow instance lives; empty when nothing says so."""
        return self.dataflows[0] if self.dataflows else ""

    @property
    def in_use(self) -> bool:
        """Whether the project's configuration names an application to test."""
        return bool(self.dataflows or self.app or self.variables_of_databases)

    @property
    def variables(self) -> tuple[tuple[str, ...], ...]:
        """For each private database, the environment variables that get its URL."""
        if not self.in_use:
            return ()
        return self.variables_of_databases or ((_DEFAULT_VARIABLE,),)


def refuse_unknown(markers: Iterable[pytest.Mark]) -> None:
    """Raises `ConfigurationError` for what the marker ``testkit`` does not take."""
    for marker in markers:
        for name in sorted(marker.kwargs.keys() - _MARKER):
            meant = closest_match(name, _MARKER)
            instead = f"did you mean {meant}=?" if meant else f"use {comma_join(sorted(_MARKER))}"
            raise ConfigurationError(f"@pytest.mark.testkit takes no {name}=", do=instead)
        if marker.args:
            raise ConfigurationError(f"@pytest.mark.testkit takes no value without a name: {marker.args[0]!r}")
        if marker.kwargs.get("isolation", "none") not in _ISOLATION:
            raise ConfigurationError(
                f"the marker's isolation = {marker.kwargs['isolation']!r}", do="use 'journal' or 'none'"
            )


def _seconds(setting: str, config: pytest.Config) -> float | None:
    """A time limit; None where there is none."""
    text: str = config.getini(setting)
    if text == "off":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(f"{setting} = {text!r}", do="write a number of seconds, such as 60, or 'off'")
    return seconds


def _paired(dataflows: Sequence[str], setting: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The variables of each private database. Raises `ConfigurationError` when they cannot be told apart.

    Several instances, or none, since fixtures give them: each variable has a database, in their order, or ``A+B`` for
    an instance that reads two; a single one is shared, and so is its database. One instance: all variables are its;
    after a comma come those of others, which fixtures give.
    """
    if len(dataflows) == 1:
        parts = " ".join(setting).split(",")
        return tuple(tuple(part.replace("+", " ").split()) for part in parts if part.strip())
    groups = tuple(tuple(word.split("+")) for words in setting for word in words.split(",") if word)
    if dataflows and len(groups) not in (0, 1, len(dataflows)):
        raise ConfigurationError(
            f"testkit_url_env names {len(groups)} variables, and testkit_dataflow {len(dataflows)} instances",
            why="each instance gets a database of its own, so each variable must belong to one of them",
            do="name one for each instance, in the same order; write A+B for an instance that reads two",
        )
    return groups


def _rule(setting: str) -> Rule:
    """What is not shown besides what the kit takes for a secret by itself."""
    names = setting.replace(",", " ").split()
    if "off" in names and len(names) > 1:
        raise ConfigurationError(
            f"testkit_redact = {setting!r}", do="name further fields, 'field, field'; or write 'off', to mask nothing"
        )
    wrong = [name for name in names if not name.replace("_", "").replace("-", "").isalnum()]
    if wrong:
        raise ConfigurationError(f"testkit_redact = {setting!r}: {wrong[0]!r} is not the name of a field")
    return Rule(enabled=False) if names == ["off"] else Rule(names=frozenset(names))


def _http_library(ini: str) -> str:
    """The library that the client is to use; empty where nothing says so."""
    setting = http_library.VARIABLE if os.environ.get(http_library.VARIABLE) else "testkit_httpx"
    name = os.environ.get(http_library.VARIABLE) or ini
    if name and name not in http_library.NAMES:
        raise ConfigurationError(f"{setting} = {name!r}", do="use 'httpx' or 'httpx2'")
    if name and importlib.util.find_spec(name) is None:
        raise ConfigurationError(
            f"{setting} = {name!r}, which is not installed", do="pip install 'kailash-testkit[httpx2]'"
        )
    if name and http_library.in_use() not in ("", name):
        raise ConfigurationError(
            f"{setting} = {name!r}, but the client uses {http_library.in_use()} already",
            why="ApiClient was imported before pytest read its settings",
            do=f"set {http_library.VARIABLE}={name} in the environment",
        )
    return name


def _database(option: str | None, ini: str) -> Choice:
    """What to test on: the command line goes before the environment, and that before the ini file."""
    if option is not None:
        return Choice.of(option, "--testkit-database")
    in_environment = os.environ.get(VARIABLE)
    if in_environment:
        return Choice.of(in_environment, VARIABLE)
    return Choice.of(ini or "sqlite", "testkit_database")
