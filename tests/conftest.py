"""Fixtures for all tests: the sample application on each kind of database, and a kit on it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from database_kinds import EVERY, KINDS, Kind, Meddle, Sql, add_options, parametrize
from inner_session import Project
from kits_of_tests import OpenKits
from redis_server import running_redis
from sample_app import in_this_loop, make_db, register_shop
from server_runs import SERVERS, GivenServers
from warm_python import WarmPython

from kailash_testkit import open_kits
from kailash_testkit.concurrency import sync
from kailash_testkit.kit import Kit
from kailash_testkit.store.store import Store


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Lets drivers and clients trust one authority instead of the machine's hundreds.

    PyMySQL and httpx read them all for each connection and client that they make: 40 ms, a fifth of all that the tests
    take. No test talks TLS to a server out there. Workers have it from the controller.
    """
    if hasattr(config, "workerinput"):
        return
    first, end, _ = Path(certifi.where()).read_text("utf-8").partition("-----END CERTIFICATE-----")
    folder = tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-")
    config.add_cleanup(folder.cleanup)
    authority = Path(folder.name, "one.pem")
    authority.write_text(f"{first}{end}\n", "utf-8")
    os.environ |= {"SSL_CERT_FILE": str(authority), "SSL_CERT_DIR": folder.name}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves tests marked slow to ``make test-all``, unless their file or folder is asked for."""
    asked_for = config.args_source is pytest.Config.ArgsSource.ARGS
    if asked_for or config.getoption("--kind") == EVERY:
        return
    slow = [item for item in items if item.get_closest_marker("slow") is not None]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item.get_closest_marker("slow") is None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc)


def pytest_collection_finish() -> None:
    """Takes what is there for good out of the garbage collector's way: tests that collect garbage need not visit it."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Writes down what coverage measured: a worker that takes long to end is killed."""
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage else None
    if measured is not None:
        measured.save()


def pytest_unconfigure() -> None:
    sync.stop()  # its pools are connected to the servers
    SERVERS.close()


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenKits]:
    def register(db: Any, kind: Kind) -> None:
        register_shop(db, json_defaults=kind.json_defaults, function_defaults=kind.function_defaults)

    with contextlib.closing(OpenKits(tmp_path_factory.mktemp("shop"), register)) as shops:
        yield shops


@pytest.fixture
def open_shop(shops: OpenKits, database_kind: Kind) -> Kit:
    """The one kit on the shop of this kind of database; each test leaves it without rows."""
    return shops.on(database_kind)


@pytest.fixture(scope="session")
def shop_db(shops: OpenKits) -> Any:
    """A DataFlow with the shop's models, for tests that use no database."""
    return shops.on(KINDS["sqlite"]).dataflow


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
    open_kits.activate(open_shop)
    yield open_shop
    open_shop.reset_sync()
    open_kits.remove(open_shop)


@pytest.fixture
def url_of(database_kind: Kind, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """The URL of a database of the test's own, made when its name is first given; dropped after the test."""
    made: dict[str, str] = {}

    def url_of(name: str) -> str:
        if name not in made:
            made[name] = database_kind.new_url(tmp_path, name)
        return made[name]

    yield url_of
    for url in made.values():
        database_kind.drop(url)


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
def new_db(database_kind: Kind, url_of: Callable[[str], str], db_at: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a DataFlow of the test's own, without models: ``new_db()``, ``new_db("other", multi_tenant=True)``."""
    return lambda name="own", **options: db_at(url_of(name), **{**database_kind.options, **options})


@pytest.fixture
def sql(open_shop: Kit, database_kind: Kind) -> Sql:
    """Runs SQL in the shop's database behind DataFlow's back, on a connection of its own."""
    return database_kind.sql(open_shop.database.url)


@pytest.fixture
async def own_kit(new_db: Callable[..., Any], database_kind: Kind) -> AsyncIterator[Kit]:
    """A kit on a shop of the test's own, for tests that change its schema."""
    db = new_db("shop")
    register_shop(db, json_defaults=database_kind.json_defaults, function_defaults=database_kind.function_defaults)
    async with Kit(db) as kit:
        yield kit


@pytest.fixture
def meddle(own_sql: Sql, database_kind: Kind) -> Meddle:
    """Makes a trigger that alters every order as it is written: ``meddle("INSERT", total=0)``."""

    def meddle(when: str, **values: int) -> None:
        ((column, value),) = values.items()
        for statement in database_kind.altering(when, "orders", column, value):
            own_sql(statement)

    return meddle


@pytest.fixture
def own_sql(own_kit: Kit, database_kind: Kind) -> Sql:
    return database_kind.sql(own_kit.database.url)


@pytest.fixture(scope="session")
def warm_python() -> Iterator[WarmPython]:
    """Starts Python processes in which Kailash and pytest are imported already."""
    python = WarmPython()
    yield python
    python.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def given_servers() -> GivenServers:
    """Servers to be given to the kit by their URL."""
    return SERVERS


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, warm_python: WarmPython) -> Iterator[Project]:
    """An empty project, with storage of its own for the kit's files."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as storage:
        Path(storage).chmod(0o711)  # a server does not run as root, and must get there
        yield Project(pytester.path, monkeypatch, Path(storage), warm_python)
