"""URLs of databases on servers, taken apart as DataFlow does it.

DataFlow hands a URL to several drivers, which read it differently. What they would read as different
places is refused here: a test kit must not look at another database than the application.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from kailash_testkit.errors import UnsupportedDatabase
from kailash_testkit.internals.releases import installed_dataflow
from kailash_testkit.redaction import redact
from kailash_testkit.text import comma_join

_ELSEWHERE: Final = frozenset(
    {"host", "hostaddr", "port", "user", "password", "dbname", "database", "service", "unix_socket"}
    | {"options", "search_path", "currentschema"}
)
"""Options of a URL that some of DataFlow's drivers follow and others drop."""


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """The parts of a URL such as ``postgresql://ada:secret@db.test:5432/shop?sslmode=require``."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def place(self) -> str:
        """Host, port and name, for messages: no user, no password."""
        return f"{self.host}:{self.port}/{self.database}"


def server_url(url: str, schemes: Collection[str], usual_port: int) -> ServerUrl:
    """The parts of ``url``.

    schemes: those that DataFlow takes for this kind of database. usual_port: for the advice only; DataFlow
    wants the port spelled out. Raises `UnsupportedDatabase`, without the password, for a URL that DataFlow's
    drivers do not all understand alike.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in schemes:
        raise _unusable(url, f"DataFlow does not take the scheme {scheme!r}", f"use one of: {comma_join(schemes)}")
    # As DataFlow: the last "@" ends the credentials, their first ":" the user, so that passwords may hold both.
    credentials, _, place = rest.rpartition("@")
    user, _, password = credentials.partition(":")
    parts = urlsplit(f"//{place}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    example = f"{scheme}://user:password@host:{usual_port}/database"
    if not (user and parts.hostname and parts.path.strip("/")):
        raise _unusable(url, "it does not name a user, a host and a database", f"write it as {example}")
    if parts.port is None:
        raise _unusable(url, f"it names no port; {installed_dataflow()} cannot do without", f"write it as {example}")
    astray = sorted(name for name in options if name.lower() in _ELSEWHERE)
    if astray:
        why = f"DataFlow heeds {comma_join(astray)} in some of its connections and not in others"
        raise _unusable(url, why, f"leave it out; write it as {example}")
    database = unquote(parts.path.strip("/"))
    return ServerUrl(scheme, parts.hostname, parts.port, unquote(user), unquote(password), database, options)


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server, as the same user.

    >>> with_database("postgresql://ada:secret@db.test:5432/shop?sslmode=require", "other")
    'postgresql://ada:secret@db.test:5432/other?sslmode=require'
    """
    head, at, place = url.rpartition("@")
    address, _, tail = place.partition("/")
    _, question, options = tail.partition("?")
    return f"{head}{at}{address}/{quote(name, safe='')}{question}{options}"


def completed(url: str, port: int, database: str) -> str:
    """The URL of a server with the port and the database to connect to, where it names none.

    >>> completed("postgresql://ada:secret@db.test?sslmode=require", 5432, "postgres")
    'postgresql://ada:secret@db.test:5432/postgres?sslmode=require'
    """
    scheme, _, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    rest, question, options = place.partition("?")
    address, _, named = rest.partition("/")
    has_port = address.rpartition(":")[2].isdigit()
    return (
        f"{scheme}://{credentials}{at}{address}{'' if has_port else f':{port}'}/{named or database}{question}{options}"
    )


def cure_of_no_connection(*, answered: bool) -> str:
    """What to do about a server that nobody can connect to. answered: whether it said so itself."""
    if answered:
        return "correct what the server refuses: user, password or database, in the URL of --testkit-database or there"
    return "start the server, or correct the URL of --testkit-database"


def same_database(url: str, other: str) -> bool:
    """Whether two URLs name the same database, whatever driver, user and options they name.

    >>> same_database("postgresql+asyncpg://ada@db.test:5432/shop", "postgresql://bob@db.test:5432/shop?ssl=on")
    True
    """
    return _place(url) == _place(other)


def _place(url: str) -> tuple[str, str]:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.startswith("sqlite"):
        file = rest.partition("?")[0].removeprefix("/") if separator else url
        return "sqlite", file if file == ":memory:" else os.path.abspath(file)
    return scheme.partition("+")[0].replace("postgresql", "postgres"), rest.rpartition("@")[2].partition("?")[0]


def _unusable(url: str, why: str, do: str) -> UnsupportedDatabase:
    return UnsupportedDatabase(f"the database URL {redact(url)} cannot be tested on", why=why, do=do)
