"""A database of the command's own, and the user's application on it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from typing import Any

from kailash_testkit.command_line.application import importable, loaded, target_of, variables_of
from kailash_testkit.command_line.project_settings import ProjectSettings, database_setting
from kailash_testkit.databases.naming import checked_stem
from kailash_testkit.databases.servers import Choice, Server, started
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals.dataflow import url_of
from kailash_testkit.internals.dataflow_loops import close_in_running_loop
from kailash_testkit.kit import Kit
from kailash_testkit.redaction import redact


def add_database_argument(parser: argparse.ArgumentParser) -> None:
    """Adds ``--database``."""
    parser.add_argument(
        "--database",
        default=None,
        metavar="KIND",
        help="what to try it on; default: that of the tests. sqlite (a private file), postgresql, mysql or "
        "mariadb (a private server, from installed programs), or the URL of a server, on which it makes a database of "
        "its own",
    )


@dataclass(frozen=True)
class Application:
    """The user's DataFlow, which connects to a database that does not exist before `create_database`."""

    target: str
    dataflow: Any
    url: str
    server: Server
    name: str

    def create_database(self, progress: Callable[[str], None]) -> None:
        """Makes the database; starts the server if need be."""
        progress(f"making a database: {self.server.describe()}")
        self.server.create(self.name)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncGenerator[Kit, None]:
        """A kit on the database; what DataFlow makes in the event loop meanwhile is closed in it."""
        async with Kit.on_private_database(self.dataflow, verify=False, late_models=lambda: None) as kit:
            yield kit
        await close_in_running_loop(self.dataflow)


@contextlib.contextmanager
def application_on_own_database(
    arguments: argparse.Namespace, project: ProjectSettings, progress: Callable[[str], None]
) -> Generator[Application, None, None]:
    """For a block: the application is imported, and connects to a database that is removed at the end.

    Raises `ConfigurationError` when it connects elsewhere.
    """
    database, option = (arguments.database, "--database") if arguments.database else database_setting(project)
    settings = project.values
    Choice.of(database, option)  # refuses what is no kind of database
    stem = checked_stem(settings.get("testkit_database_name") or arguments.command)
    target = target_of(arguments, settings)
    variables = variables_of(arguments, settings)
    with started(database) as server:
        name = server.name(stem, None)
        url = server.url(name)
        with importable(settings, variables, url):
            progress(f"importing {target}")
            dataflow = loaded(target, arguments)
            _require_own_database(dataflow, url, variables)
            yield Application(target, dataflow, url, server, name)
            dataflow.close()


def _require_own_database(dataflow: Any, url: str, variables: list[str]) -> None:
    if url_of(dataflow) != url:
        raise ConfigurationError(
            f"the application connects to {redact(url_of(dataflow))}, not to the throw-away database",
            why=f"it does not take its URL from {' or '.join(variables)}; nothing was written",
            do="name the variable that it reads: --url-env",
        )
