"""A list that the API gave, held against the rows that are stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from kailash_testkit.client.resources.bodies import Json
from kailash_testkit.client.resources.comparing import stale
from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import ReadYourWritesError
from kailash_testkit.models.rows import Row, jsonable

_MOST: Final = 3  # rows of each kind in a message
_DEFAULT_LIMITS: Final = {10: "ListNode", 100: "express.list"}
_CACHE: Final = (
    "most likely a stale list from a cache: DataFlow keeps the results of ListNode and express.list, and empties "
    "them only on writes through the same instance and the same kind of call"
)
_NO_CACHE: Final = "DataFlow(url, cache_enabled=False), enable_cache=False on the ListNode, or cache_ttl=0"


class ListedRows:
    """The objects of a list, and the stored rows that it should show.

    where: the request, for messages.
    wanted: the rows that the list should have; None when it need not have all.
    stated_total: how many objects there are in all, according to the response.
    """

    def __init__(
        self,
        where: str,
        listed: Sequence[Json],
        wanted: Sequence[Row] | None,
        rows: StoredRows,
        id_field: str,
        *,
        cached: bool,
        stated_total: int | None,
        ignored: Collection[str],
    ) -> None:
        self._where = where
        self._rows = rows
        self._cached = cached
        self._stated_total = stated_total
        self._ignored = ignored
        self._wanted = wanted
        self._listed = {str(item[id_field]): item for item in listed if id_field in item}

    def check(self) -> None:
        """Raises `ReadYourWritesError` for a row that is missing, no longer stored, or shown as it was before."""
        wanted = self._wanted or ()
        missing = [row for row in wanted if str(jsonable(row.id)) not in self._listed]
        stored = {key: self._rows.visible(key) for key in self._listed}
        gone = [key for key, row in stored.items() if row is None]
        old = {key: lines for key in stored if (lines := self._stale(key, stored[key]))}
        if not (missing or gone or old):
            return
        name = self._rows.model.name
        details = [f"missing: {row!r}" for row in missing[:_MOST]]
        details += [f"no longer stored: {name} {key}" for key in gone[:_MOST]]
        details += [f"{name} {key}: {line}" for key in list(old)[:_MOST] for line in old[key][:_MOST]]
        more = sum(max(0, len(found) - _MOST) for found in (missing, gone, old))
        why, do = self._causes(len(missing), changed=bool(gone or old))
        failure = ReadYourWritesError(
            f"{self._where}: the list does not show the stored {name} rows: "
            + _counts(missing=len(missing), gone=len(gone), stale=len(old)),
            details=[*details, *([f"... and {more} more"] if more else [])],
            why=why,
            do=do,
        )
        failure.row_id = [*(row.id for row in missing), *gone, *old][0]
        raise failure

    def _stale(self, key: str, row: Row | None) -> list[str]:
        return [] if row is None else stale(row, self._listed[key], self._ignored)

    def _causes(self, missing: int, *, changed: bool) -> tuple[str, str]:
        count = len(self._listed)
        if self._cached:
            return "the response says that it comes from DataFlow's query cache (_cache.hit)", _NO_CACHE
        if changed:
            return _CACHE, _NO_CACHE
        if self._stated_total is not None and self._stated_total >= count + missing:
            return (
                f"the response says that there are {self._stated_total}; it shows {count}, and not how to ask for more",
                "ask for all: resource.list(limit=...) checks only the rows that it shows",
            )
        node = _DEFAULT_LIMITS.get(count)
        if node is not None:
            return f"{node} returns {count} rows unless it is given a limit", "give it a limit, or answer in pages"
        return (
            f"{_CACHE}; or the list is not meant to show these rows",
            f"{_NO_CACHE}; for a list of some rows only: api.resource(path, where={{'customer_id': ...}})",
        )


def _counts(**found: int) -> str:
    words = {"missing": "missing", "gone": "no longer stored", "stale": "stale"}
    return ", ".join(f"{count} {words[kind]}" for kind, count in found.items() if count)
