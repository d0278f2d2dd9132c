"""The plugin's settings: ini options and command-line options."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final, Literal

import pytest

from kailash_testkit.databases.naming import LONGEST_STEM
from kailash_testkit.databases.servers import Choice
from kailash_testkit.databases.servers.choosing import VARIABLE
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.redaction import Rule

Lifespan = Literal["session", "test"]

MARKER_HELP: Final = (
    'testkit(isolation="journal"): what happens to the rows that a test wrote: '
    '"journal" undoes them after the test, "none" leaves them'
)
_DEFAULT_VARIABLE: Final = "DATABASE_URL"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.addini("testkit_dataflow", "where the DataFlow instance lives: 'shop.models:db'", default="")
    parser.addini("testkit_app", "the ASGI application: 'shop.api:app', or a function that makes it", default="")
    parser.addini(
        "testkit_url_env",
        "variables the application reads its URL from (DATABASE_URL)",
        type="args",
        default=[],
    )
    parser.addini("testkit_database", "what to test on, as --testkit-database", default="")
    parser.addini("testkit_database_name", "stem of the test database's name", default="testkit")
    parser.addini("testkit_lifespan", "lifespan runs once per 'session' or 'test'", default="session")
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
    dataflow: str
    app: str
    url_variables: tuple[str, ...]
    database_name: str
    lifespan: Lifespan
    verify: bool
    redact: Rule
    live: bool = False

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
        name = config.getini("testkit_database_name")
        if not name.replace("_", "").replace("-", "").isalnum() or len(name) > LONGEST_STEM:
            raise ConfigurationError(
                f"testkit_database_name = {name!r}",
                do=f"use letters, digits, '_' and '-' only, at most {LONGEST_STEM}",
            )
        return cls(
            database=_database(getattr(options, "testkit_database", None), config.getini("testkit_database")),
            keep=getattr(options, "testkit_keep", False),
            dataflow=config.getini("testkit_dataflow"),
            app=config.getini("testkit_app"),
            url_variables=tuple(config.getini("testkit_url_env")),
            database_name=name,
            lifespan=lifespan,
            verify=getattr(options, "testkit_verify", False),
            redact=_rule(config.getini("testkit_redact")),
            live=getattr(options, "testkit_live", False),
        )

    @property
    def in_use(self) -> bool:
        """Whether the project's configuration names an application to test."""
        return bool(self.dataflow or self.app or self.url_variables)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that get the test database's URL."""
        if not self.in_use:
            return ()
        return self.url_variables or (_DEFAULT_VARIABLE,)


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


def _database(option: str | None, ini: str) -> Choice:
    """What to test on: the command line goes before the environment, and that before the ini file."""
    if option is not None:
        return Choice.of(option, "--testkit-database")
    in_environment = os.environ.get(VARIABLE)
    if in_environment:
        return Choice.of(in_environment, VARIABLE)
    return Choice.of(ini or "sqlite", "testkit_database")
