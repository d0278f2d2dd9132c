"""Settings that make tests slow, or make them lie."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from kailash_testkit.internals import nexus as nexus_internals
from kailash_testkit.internals.dataflow_evidence import CacheSettings
from kailash_testkit.redaction import redact

_DRIVERS: Final = {
    "sqlite": ("aiosqlite",),
    "postgresql": ("asyncpg", "psycopg2"),
    "mysql": ("aiomysql", "pymysql"),
}
_PACKAGES: Final = {"psycopg2": "kailash-dataflow[postgres-sync]", "pymysql": "PyMySQL"}
_ALIASES: Final = {"postgres": "postgresql", "mariadb": "mysql"}
_LOOP_SCOPES: Final = ("asyncio_default_fixture_loop_scope", "asyncio_default_test_loop_scope")
_PATIENCE: Final = 0.3  # seconds for a Redis to accept


@dataclass(frozen=True)
class Advice:
    """A setting. bites: it makes tests fail or lie, and not only slow."""

    what: str
    why: str
    do: str
    bites: bool = False


def advice(dataflow: Any, url: str, tried: str, app: Any, settings: Mapping[str, Any]) -> list[Advice]:
    """What can be said about the settings.

    url: that of the application's own configuration, empty where it is not known. tried: that of the database on
    which values are tried. app: the application, or None. settings: of pytest.
    """
    drivers = dict.fromkeys([*_on_drivers(url), *_on_drivers(tried)])
    return [*_on_cache(dataflow), *_on_url(url), *drivers, *_on_nexus(app), *_on_pytest(settings)]


def _on_cache(dataflow: Any) -> list[Advice]:
    cache = CacheSettings.of(dataflow)
    if not cache.enabled:
        return []
    where = f"{cache.host}:{cache.port}"
    if _listens(cache.host, cache.port):
        return [
            Advice(
                f"DataFlow's query cache is on, and uses the Redis at {where}",
                "results are shared with other processes and outlive a run by 300 s: a list may show rows of the past",
                "DataFlow(url, cache_enabled=False) in tests",
                bites=True,
            )
        ]
    return [
        Advice(
            f"DataFlow's query cache is on, and no Redis listens at {where}",
            "the constructor and the first operation spend seconds on looking for one; ListNode and express then "
            "keep results in memory, which other writers make stale",
            "DataFlow(url, cache_enabled=False) in tests",
        )
    ]


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def _on_url(url: str) -> list[Advice]:
    if ":memory:" in url or "mode=memory" in url:
        return [
            Advice(
                f"the application's URL is {redact(url)}",
                "DataFlow loses an in-memory database at close_async(), and no other connection sees it",
                "use a file: sqlite:////absolute/path.db; the kit gives tests one of their own",
                bites=True,
            )
        ]
    path = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and not path.startswith("/"):
        return [
            Advice(
                f"the application's URL is {redact(url)}, a relative path",
                "DataFlow makes the tables in the working directory, and its nodes write to the root directory",
                "use four slashes: sqlite:////absolute/path.db",
                bites=True,
            )
        ]
    return []


def _on_drivers(url: str) -> list[Advice]:
    scheme = urlsplit(url).scheme.partition("+")[0]
    missing = [name for name in _DRIVERS.get(_ALIASES.get(scheme, scheme), ()) if find_spec(name) is None]
    return [
        Advice(
            f"the package {name} is not installed, which {scheme} needs",
            "DataFlow cannot create tables without it" if name == "psycopg2" else "nothing can connect without it",
            f"pip install '{_PACKAGES.get(name, name)}'",
            bites=True,
        )
        for name in missing
    ]


def _on_nexus(app: Any) -> list[Advice]:
    if not nexus_internals.is_durable(app):
        return []
    return [
        Advice(
            "the Nexus records requests (enable_durability=True, the default)",
            "it answers an identical request from its record, without running the handler",
            'Nexus(enable_durability=False) in tests, or api.with_headers({"X-Durable": "false"})',
        )
    ]


def _on_pytest(settings: Mapping[str, Any]) -> list[Advice]:
    if settings.get("asyncio_mode") is None or all(settings.get(name) == "session" for name in _LOOP_SCOPES):
        return []
    return [
        Advice(
            "pytest-asyncio makes an event loop for each test",
            "DataFlow's connections live as long as their loop: each test connects again, and code that keeps a "
            "connection meets a closed loop",
            " and ".join(f'{name} = "session"' for name in _LOOP_SCOPES),
        )
    ]
