"""The plugin's settings: ini options and command-line options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pytest

from kailash_testkit.errors import ConfigurationError

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
    parser.addini("testkit_database_name", "stem of the test database's name", default="testkit")
    parser.addini("testkit_lifespan", "lifespan runs once per 'session' or 'test'", default="session")
    group = parser.getgroup("kailash-testkit")
    group.addoption(
        "--testkit-database",
        metavar="KIND",
        default="sqlite",
        help="kind of database to test on: sqlite (a private file; the default)",
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

    dataflow: str
    app: str
    url_variables: tuple[str, ...]
    database_name: str
    lifespan: Lifespan
    verify: bool
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
        kind = getattr(options, "testkit_database", "sqlite")
        if kind != "sqlite":
            raise ConfigurationError(
                f"--testkit-database={kind}: not a kind of database that this release can provide",
                do="use --testkit-database=sqlite",
            )
        lifespan = config.getini("testkit_lifespan")
        if lifespan not in ("session", "test"):
            raise ConfigurationError(f"testkit_lifespan = {lifespan!r}", do="use 'session' or 'test'")
        name = config.getini("testkit_database_name")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ConfigurationError(f"testkit_database_name = {name!r}", do="use letters, digits, '_' and '-' only")
        return cls(
            dataflow=config.getini("testkit_dataflow"),
            app=config.getini("testkit_app"),
            url_variables=tuple(config.getini("testkit_url_env")),
            database_name=name,
            lifespan=lifespan,
            verify=getattr(options, "testkit_verify", False),
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
