"""The table of the kinds of database: the one place that names them all.

To add a kind is to add its folder and a line here. Modules are imported when they are needed, and not before:
whoever tests on SQLite loads no driver of a server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class DatabaseKind:
    """A line of the table.

    name: as settings write it. title: as people write it.
    schemes: what the URLs that DataFlow takes for it begin with, before a driver's name (``+asyncpg``).
    database: where its `Database` is, as ``module:class``, below this package. Made with a URL.
    files: for a database that is a file, where the maker of private files is. Made with the run's folder.
    look: for a database that is a file, the function that looks for a row without opening it for writing.
    server: for a database on a server, where the kind of server is. Made with a title.
    port, maintenance_database: what a server's URL means when it names none: the usual port, and a database
        that every server has, to connect to while others are made.
    """

    name: str
    title: str
    schemes: tuple[str, ...]
    database: str
    files: str = ""
    look: str = ""
    server: str = ""
    port: int = 0
    maintenance_database: str = ""

    @property
    def is_file(self) -> bool:
        """Whether its databases are files, which need no server."""
        return not self.server


KINDS: Final = (
    DatabaseKind(
        "sqlite",
        "SQLite",
        ("sqlite",),
        database="sqlite.database:Database",
        files="sqlite.server:PrivateFiles",
        look="sqlite.database:look_for_row",
    ),
    DatabaseKind(
        "postgresql",
        "PostgreSQL",
        ("postgresql", "postgres"),
        database="postgresql.database:Database",
        server="postgresql.server:ServerKind",
        port=5432,
        maintenance_database="postgres",
    ),
    DatabaseKind(
        "mysql",
        "MySQL",
        ("mysql",),
        database="mysql.database:Database",
        server="mysql.server:ServerKind",
        port=3306,
        maintenance_database="information_schema",
    ),
    DatabaseKind(
        "mariadb",
        "MariaDB",
        ("mysql",),  # DataFlow takes no mariadb://
        database="mysql.database:Database",
        server="mysql.server:ServerKind",
        port=3306,
        maintenance_database="information_schema",
    ),
)
"""Where several kinds share a scheme, its URLs belong to the first of them."""


def kind_named(name: str) -> DatabaseKind | None:
    """The kind that a setting names.

    >>> kind_named("mariadb").title
    'MariaDB'
    """
    return next((kind for kind in KINDS if kind.name == name), None)


def kind_of_url(url: str) -> DatabaseKind | None:
    """The kind of database that a URL leads to; what has no scheme is the path of a SQLite file.

    >>> kind_of_url("postgresql+asyncpg://ada@db.test:5432/shop").name, kind_of_url("/tmp/shop.db").name
    ('postgresql', 'sqlite')
    """
    scheme = url.partition("://")[0] if "://" in url else KINDS[0].schemes[0]
    plain = scheme.lower().partition("+")[0].partition(":")[0]
    return next((kind for kind in KINDS if plain in kind.schemes), None)


def title_of_url(url: str) -> str:
    """What the kind of server behind a URL is called; its scheme may not tell which of several it is.

    >>> title_of_url("mysql://root@db.test:3306/shop")
    'MySQL or MariaDB'
    """
    found = kind_of_url(url)
    return " or ".join(kind.title for kind in KINDS if found is not None and kind.schemes == found.schemes)


def load(path: str) -> Callable[..., Any]:
    """The class or function at a ``module:name`` of the table."""
    module, name = path.split(":")
    found: Callable[..., Any] = getattr(import_module(f"kailash_testkit.databases.{module}"), name)
    return found
