"""Where a DataFlow instance keeps cached results: of its ListNode, and of express."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import releases


@dataclass(frozen=True)
class Cache:
    """A cache of an instance: in memory, or on a Redis. database: what tells its keys from other databases' there.

    database is None where keys do not name it: in earlier releases, and for an instance that has none.
    """

    manager: Any
    prefix: str
    database: str | None

    @property
    def memory(self) -> Any | None:
        """The entries, where they are in this process's memory."""
        return getattr(self.manager, "cache", None)

    @property
    def pattern(self) -> str:
        """What its keys on a Redis look like."""
        return f"{self.prefix}:*" if self.database is None else f"{self.prefix}:*:{self.database}:*"


def caches_of(dataflow: Any) -> list[Cache]:
    """The caches that the instance has by now."""
    found: list[Cache] = []
    query = getattr(dataflow, "_cache_integration", None)
    if query is not None:
        keys = query.key_generator
        found.append(Cache(query.cache_manager, keys.prefix, getattr(keys, "db_identity", None)))
    express: Any = getattr(dataflow, "_express_dataflow", None)
    if getattr(express, "_cache_manager", None) is not None:
        keys = express._key_gen
        found.append(Cache(express._cache_manager, keys.prefix, getattr(keys, "express_db_instance", None)))
    return found


def empty_caches(dataflow: Any) -> None:
    """Empties what the instance has cached of its database.

    In memory, or on a Redis, where only the keys of this database are deleted: DataFlow puts a
    fingerprint of the database into each key, and the kit's databases have names of their own.
    """
    refuse_shared_cache(dataflow)
    for cache in caches_of(dataflow):
        if cache.memory is not None:
            cache.memory.clear()
        elif cache.database is not None:
            cache.manager.redis_manager.clear_pattern(cache.pattern)


def refuse_shared_cache(dataflow: Any) -> None:
    """Raises `ConfigurationError` for a cache on a Redis whose keys do not tell databases apart.

    A test would be answered from the results of other tests, runs and applications, and only with theirs could the
    kit delete its own.
    """
    if releases.OWN_CACHE_KEYS.holds() or all(cache.memory is not None for cache in caches_of(dataflow)):
        return
    raise ConfigurationError(
        "DataFlow caches results of the test database on a Redis, among those of every other database",
        why=f"{releases.installed_dataflow()} puts no name of the database into its keys there, so a test would be "
        "answered from other tests and runs",
        do="DataFlow(url, cache_enabled=False) in tests, or install "
        f"{releases.OWN_CACHE_KEYS.package} {releases.OWN_CACHE_KEYS.since} or later",
    )
