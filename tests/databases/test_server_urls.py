"""URLs of databases on servers: what is read from them, and what is refused."""

from __future__ import annotations

import pytest

from kailash_testkit.databases import open_database
from kailash_testkit.databases.urls import server_url, with_database
from kailash_testkit.errors import UnsupportedDatabase

SCHEMES = ("postgresql", "postgres")


def test_the_parts_of_a_url() -> None:
    parts = server_url("postgresql://ada:sec%21ret@db.test:6543/my%20shop?sslmode=require", SCHEMES, 5432)
    assert (parts.scheme, parts.host, parts.port) == ("postgresql", "db.test", 6543)
    assert (parts.user, parts.password, parts.database) == ("ada", "sec!ret", "my shop")
    assert parts.options == {"sslmode": "require"}
    assert parts.place == "db.test:6543/my shop"


def test_a_password_may_hold_the_signs_that_separate() -> None:
    assert server_url("postgres://ada:a:b@c#d@db.test:1/shop", SCHEMES, 5432).password == "a:b@c#d"


def test_an_ipv6_address() -> None:
    assert server_url("postgres://ada@[::1]:5432/shop", SCHEMES, 5432).host == "::1"


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(server_url("postgres://ada:secret@db.test:1/shop", SCHEMES, 5432))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://ada:secret@db.test:5432/", "does not name a user, a host and a database"),
        ("postgresql:///shop", "does not name a user, a host and a database"),
        ("postgresql://db.test:5432/shop", "does not name a user, a host and a database"),
        ("postgresql://ada:secret@db.test/shop", "names no port"),
        ("postgresql://ada:secret@db.test:5432/shop?host=/run/pg", "heeds host in some of its connections"),
        ("postgresql://ada:secret@db.test:5432/shop?search_path=other", "heeds search_path in some"),
        ("mysql://ada:secret@db.test:3306/shop?unix_socket=/run/my", "heeds unix_socket in some"),
        ("mariadb://ada:secret@db.test:3306/shop", "no mariadb:// for a MariaDB"),
        ("oracle://ada:secret@db.test:1521/shop", "no support for oracle"),
        ("postgresql+psycopg://ada:secret@db.test:5432/shop", "does not take the scheme"),
    ],
)
def test_urls_that_dataflow_reads_as_several_places_are_refused(url: str, why: str) -> None:
    with pytest.raises(UnsupportedDatabase) as caught:
        open_database(url)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("postgresql://ada@db.test:1/shop", "postgresql://ada@db.test:1/o%2Fther"),
        (
            "postgresql://ada:p%2Fw@db.test:1/shop?sslmode=require",
            "postgresql://ada:p%2Fw@db.test:1/o%2Fther?sslmode=require",
        ),
    ],
)
def test_another_database_on_the_same_server(url: str, other: str) -> None:
    assert with_database(url, "o/ther") == other


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    for url in ("postgresql://ada:secret@127.0.0.1:1/shop", "mysql://ada:secret@127.0.0.1:1/shop"):
        with pytest.raises(UnsupportedDatabase, match=r"127\.0\.0\.1:1/shop cannot be opened") as caught:
            open_database(url)
        assert "secret" not in str(caught.value)
