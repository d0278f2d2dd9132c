"""Settings that make tests slow, or lie, are named."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nexus import Nexus
from sample_app import make_db

from kailash_testkit.doctor import surroundings
from kailash_testkit.doctor.surroundings import Advice, advice
from kailash_testkit.internals.dataflow_evidence import CacheSettings

FINE = {"asyncio_mode": "auto"} | dict.fromkeys(
    ("asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope"), "session"
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Any]:
    db = make_db(tmp_path / "own.db")
    yield db
    db.close()


def advised(db: Any, url: str = "", app: Any = None, settings: Any = FINE) -> list[Advice]:
    return advice(db, url, url, app, settings)


def test_good_settings_are_not_spoken_of(db: Any) -> None:
    assert advised(db, url="sqlite:////data/shop.db") == []
    assert advised(db, settings={}) == [], "without pytest-asyncio there are no loops to speak of"


def test_a_cache_without_a_redis_costs_seconds(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(CacheSettings, "of", lambda _: CacheSettings(True, "127.0.0.1", port))
    (found,) = advised(db)
    assert "no Redis listens at 127.0.0.1" in found.what
    assert not found.bites


def test_a_cache_on_a_redis_lies(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as redis:
        redis.bind(("127.0.0.1", 0))
        redis.listen()
        port = redis.getsockname()[1]
        monkeypatch.setattr(CacheSettings, "of", lambda _: CacheSettings(True, "127.0.0.1", port))
        (found,) = advised(db)
    assert f"uses the Redis at 127.0.0.1:{port}" in found.what
    assert found.bites


def test_the_cache_settings_are_those_of_the_dataflow(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataflow.cache import auto_detection

    monkeypatch.setattr(auto_detection.CacheBackend, "_is_redis_available", lambda *_: False, raising=False)
    assert CacheSettings.of(db) == CacheSettings(False, "localhost", 6379)
    cached = make_db(tmp_path / "cached.db", cache_enabled=True)
    assert CacheSettings.of(cached).enabled
    cached.close()
    configured = SimpleNamespace(
        config=SimpleNamespace(enable_query_cache=True, cache_redis_url="redis://cache:7000/1")
    )
    assert CacheSettings.of(configured) == CacheSettings(True, "cache", 7000)


@pytest.mark.parametrize("url", ["sqlite:///:memory:", ":memory:", "sqlite:///shop.db"])
def test_urls_that_dataflow_cannot_keep(db: Any, url: str) -> None:
    (found,) = advised(db, url=url)
    assert url in found.what
    assert found.bites


def test_passwords_are_not_shown(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "find_spec", lambda _: None)
    found = advised(db, url="postgresql://ada:s3cret@host/shop")
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("url", "package", "install"),
    [
        ("postgresql://host/shop", "psycopg2", "kailash-dataflow[postgres-sync]"),
        ("postgres+asyncpg://host/shop", "asyncpg", "asyncpg"),
        ("mysql://host/shop", "pymysql", "PyMySQL"),
        ("sqlite:////data/shop.db", "aiosqlite", "aiosqlite"),
    ],
)
def test_a_driver_that_is_missing(
    db: Any, monkeypatch: pytest.MonkeyPatch, url: str, package: str, install: str
) -> None:
    monkeypatch.setattr(surroundings, "find_spec", lambda name: None if name == package else object())
    (found,) = advised(db, url=url)
    assert found.what.startswith(f"the package {package} is not installed")
    assert found.do == f"pip install '{install}'"
    assert found.bites


@pytest.mark.parametrize("durable", [True, False])
def test_a_nexus_that_records(db: Any, durable: bool) -> None:
    app = Nexus(auto_discovery=False, enable_durability=durable)
    try:
        assert [each.bites for each in advised(db, app=app)] == [False] * durable
    finally:
        app.close()


def test_an_event_loop_per_test(db: Any) -> None:
    (found,) = advised(db, settings={"asyncio_mode": "auto"})
    assert 'asyncio_default_test_loop_scope = "session"' in found.do
