"""Whether DataFlow's caches hold an old result: shown by the same read with and without the cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, cast

from kailash_testkit.explain.case import Case
from kailash_testkit.explanation import Cause, Explanation
from kailash_testkit.internals.dataflow_evidence import CachedReads, rows_in
from kailash_testkit.models.rows import Row
from kailash_testkit.redaction import fields, masked

Rows = list[Mapping[str, Any]]
Read = Callable[[bool], Awaitable[object]]
"""Reads, with the cache or without it."""

_ASIDE: Final = frozenset({"updated_at", "created_at"})  # nodes write them in several forms
_WHY: Final = "DataFlow empties its cache on writes through the same instance and the same kind of call only"
_CURE: Final = (
    "DataFlow(url, cache_enabled=False) in tests; or enable_cache=False on the ListNode, cache_ttl=0 on express"
)


async def stale_cache(case: Case, row: Row) -> Explanation | None:
    """A cached result of the model does not have the row, or as it was before."""
    cached = CachedReads(case.dataflow, case.model.name)
    before = cached.entries()
    if not before:
        return None
    try:
        for name, read in _reads(case, before.values()):
            difference = await _difference(case, row, read)
            if difference is not None:
                return _stale(
                    f"{name} {difference}", cached, "the same read without the cache shows it as it is stored"
                )
    finally:
        cached.forget(set(cached.entries()) - set(before))
    return _unlike_any(case, row, before, cached)


def cache_that_still_has(case: Case) -> Explanation | None:
    """A cached result of the model has a row that is not in the database any more."""
    cached = CachedReads(case.dataflow, case.model.name)
    for entry in cached.entries().values():
        for found in rows_in(entry) or ():
            if str(found.get("id")) == str(case.asked):
                proof = f"cached: {fields(found, case.model.name)!r}"
                return _stale(f"a cached result still has {case.name}", cached, proof)
    return None


def _reads(case: Case, entries: Iterable[object]) -> list[tuple[str, Read]]:
    """Reads that an application is likely to make, with the limits that the cached lists have."""
    results = [cast("Mapping[str, object]", entry) for entry in entries if isinstance(entry, Mapping)]
    limits = sorted({int(str(result["limit"])) for result in results if "limit" in result})
    return [
        *((f"ListNode(limit={limit})", _list_node(case, limit)) for limit in limits),
        ("express.list", _express_list(case)),
        *((f"express.read({key!r})", _express_read(case, key)) for key in dict.fromkeys([str(case.asked), case.asked])),
    ]


def _list_node(case: Case, limit: int) -> Read:
    return lambda cache: case.nodes.run(case.model, "List", {"limit": limit, "enable_cache": cache})


def _express_list(case: Case) -> Read:
    return lambda cache: case.dataflow.express.list(case.model.name, cache_ttl=None if cache else 0)


def _express_read(case: Case, key: object) -> Read:
    return lambda cache: case.dataflow.express.read(case.model.name, key, cache_ttl=None if cache else 0)


async def _difference(case: Case, row: Row, read: Read) -> str | None:
    """What the cached read shows otherwise than the same read without the cache, about this row."""
    fresh, old = await read(False), await read(True)
    now, was = _own(case, row, rows_in(fresh) or []), _own(case, row, rows_in(old) or [])
    if now is None or was == now:
        return None
    if was is None:
        return "answers from the cache without the row"
    names = [name for name in now if now[name] != was.get(name)]
    return "answers from the cache with an earlier state of it: " + ", ".join(
        f"{name} {_shown(case, name, was.get(name))}, stored {_shown(case, name, now[name])}" for name in names[:2]
    )


def _shown(case: Case, name: str, value: object) -> str:
    return repr(masked(name, value, case.model.name))


def _own(case: Case, row: Row, rows: Rows) -> dict[str, object] | None:
    """The row among those that a read gave, in the model's types."""
    for found in rows:
        if str(found.get("id")) == str(row.id):
            values = Row.decoded(case.model, found).as_dict()
            return {name: value for name, value in values.items() if name in row and name not in _ASIDE}
    return None


def _unlike_any(case: Case, row: Row, entries: Mapping[str, Any], cached: CachedReads) -> Explanation | None:
    """Results of other reads: one that has another state of the row is stale, one without it may be filtered."""
    stored = {name: value for name, value in row.as_dict().items() if name not in _ASIDE}
    lists = 0
    for entry in entries.values():
        rows = rows_in(entry)
        if rows is None:
            continue
        was = _own(case, row, rows)
        if was is not None and any(stored.get(name) != value for name, value in was.items()):
            proof = f"cached: {fields(was, case.model.name)!r}"
            return _stale("a cached result has an earlier state of the row", cached, proof)
        lists += was is None and _is_list(entry)
    if not lists:
        return None
    return Explanation(
        Cause.STALE_CACHE,
        f"{lists} cached lists of {case.model.name} do not have the row",
        evidence=[f"they are {cached.where}; {_WHY}"],
        unknown=["which queries these are the results of: their filters may exclude the row"],
        cure=_CURE,
        certain=False,
    )


def _is_list(entry: object) -> bool:
    return isinstance(entry, list) or (isinstance(entry, Mapping) and "records" in entry)


def _stale(what: str, cached: CachedReads, proof: str) -> Explanation:
    return Explanation(
        Cause.STALE_CACHE,
        what,
        evidence=[proof, f"the cache is {cached.where}; {_WHY}"],
        cure=_CURE,
    )
