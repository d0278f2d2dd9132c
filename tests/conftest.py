"""Fixtures for all tests: the sample application, and a kit on it."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sample_app import in_this_loop, make_db, register_shop

from kailash_testkit import active
from kailash_testkit.databases.sqlite import file_of
from kailash_testkit.kit import Kit
from kailash_testkit.store import Store

Sql = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def shop_db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One DataFlow with the shop's models for all tests; each test leaves it without rows."""
    db = make_db(tmp_path_factory.mktemp("shop") / "shop.db")
    register_shop(db)
    yield db
    db.close()


@pytest.fixture(scope="session")
def open_shop(shop_db: Any) -> Iterator[Kit]:
    """The one kit on the shop: opening it for each test would cost more than most tests."""
    kit = Kit(shop_db).open()
    yield kit
    kit.close()


@pytest.fixture
async def shop_kit(open_shop: Kit) -> AsyncIterator[Kit]:
    """The kit on the shop, active in this test; what it makes in the test's event loop is closed in it."""
    async with in_this_loop(open_shop) as kit:
        yield kit


@pytest.fixture
def shop_store(shop_kit: Kit) -> Store:
    return shop_kit.store


@pytest.fixture
def sync_kit(open_shop: Kit) -> Iterator[Kit]:
    """The kit on the shop for synchronous tests."""
    active.activate(open_shop)
    yield open_shop
    open_shop.reset_sync()
    active.remove(open_shop)


@pytest.fixture
def db_at() -> Iterator[Callable[..., Any]]:
    """Makes a DataFlow on a file, or on a URL, and closes it after the test."""
    made: list[Any] = []

    def make(where: Path | str, **options: Any) -> Any:
        made.append(make_db(where, **options))
        return made[-1]

    yield make
    for db in made:
        db.close()


@pytest.fixture
def new_db(tmp_path: Path, db_at: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a DataFlow of the test's own, without models: ``new_db()``, ``new_db("other", multi_tenant=True)``."""
    return lambda name="own", **options: db_at(tmp_path / f"{name}.db", **options)


@pytest.fixture
def sql(open_shop: Kit) -> Sql:
    """Runs SQL in the shop's database behind DataFlow's back, on a connection of its own."""
    return sql_in(open_shop)


@pytest.fixture
async def own_kit(new_db: Callable[..., Any]) -> AsyncIterator[Kit]:
    """A kit on a shop of the test's own, for tests that change its schema."""
    db = new_db("shop")
    register_shop(db)
    async with Kit(db) as kit:
        yield kit


@pytest.fixture
def own_sql(own_kit: Kit) -> Sql:
    return sql_in(own_kit)


def sql_in(kit: Kit) -> Sql:
    path = file_of(kit.database.url)

    def run(statement: str, *parameters: object) -> list[Any]:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    return run


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of the tests' own; the one on its usual port is not ours to write to."""
    redis = pytest.importorskip("redis", reason="the package redis is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    server = subprocess.Popen([*command, str(tmp_path_factory.mktemp("redis"))], stdout=subprocess.DEVNULL)
    try:
        with closing(redis.Redis(port=port)) as client:
            deadline = time.monotonic() + 10
            while True:
                try:
                    client.ping()
                    break
                except redis.exceptions.ConnectionError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
