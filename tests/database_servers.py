"""Servers for the tests: where they are, and databases on them that are dropped again.

``KAILASH_TESTKIT_POSTGRESQL_URL`` and ``KAILASH_TESTKIT_MYSQL_URL`` name servers and users that may create
databases; without them the kit starts private servers.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg2
import pymysql
import pytest
from server_runs import available, url_for_tests

from kailash_testkit.databases.urls import ServerUrl, server_url, with_database


@dataclass(frozen=True)
class Server:
    """A kind of database server, and how tests reach the one there is."""

    kind: str
    variable: str
    setting: str
    connect: Callable[[ServerUrl], Any]

    @property
    def url(self) -> str:
        return url_for_tests(self.setting, self.variable)

    def parts(self, url: str) -> ServerUrl:
        return server_url(url, (url.partition("://")[0],), 0)

    def run(self, statement: str, url: str | None = None) -> list[Any]:
        """Runs SQL on a connection of its own, as somebody else would."""
        with contextlib.closing(self.connect(self.parts(url or self.url))) as connection:
            return rows_of(connection, statement)

    def new_database(self, stem: str = "db") -> str:
        """Makes an empty database and returns its URL."""
        name = f"ktk_test_{stem}_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name}")
        return with_database(self.url, name)

    def drop(self, url: str) -> None:
        force = " WITH (FORCE)" if self.kind == "postgresql" else ""
        self.run(f"DROP DATABASE IF EXISTS {self.parts(url).database}{force}")

    @contextlib.contextmanager
    def database(self, stem: str = "db") -> Iterator[str]:
        """A database for one block."""
        url = self.new_database(stem)
        try:
            yield url
        finally:
            self.drop(url)


def rows_of(connection: Any, statement: str, parameters: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def _postgresql(place: ServerUrl) -> Any:
    connection = psycopg2.connect(
        host=place.host, port=place.port, user=place.user, password=place.password, dbname=place.database,
        connect_timeout=5, application_name="a test",
    )  # fmt: skip
    connection.autocommit = True
    return connection


def _mysql(place: ServerUrl) -> Any:
    return pymysql.connect(
        host=place.host, port=place.port, user=place.user, password=place.password, database=place.database,
        connect_timeout=5, autocommit=True, charset="utf8mb4",
    )  # fmt: skip


POSTGRESQL = Server(
    "postgresql",
    "KAILASH_TESTKIT_POSTGRESQL_URL",
    "postgresql",
    _postgresql,
)
MYSQL = Server("mysql", "KAILASH_TESTKIT_MYSQL_URL", "mariadb", _mysql)


def required(server: Server) -> Server:
    """The server; the test is skipped, with the reason, where there is none."""
    reason = _why_not(server)
    if reason is not None:
        pytest.skip(reason)
    return server


@cache
def may_be_there(server: Server) -> bool:
    """Whether the environment names one, or its programs are installed."""
    if os.environ.get(server.variable):
        return True
    try:
        available(server.setting)
    except pytest.skip.Exception:
        return False
    return True


@cache
def _why_not(server: Server) -> str | None:
    try:
        server.run("SELECT 1")
    except (psycopg2.Error, pymysql.Error) as error:
        reason = " ".join(str(error).split())
        return f"no {server.kind} server: {reason} (set {server.variable})"
    return None
