"""A list that the API gave, held against the rows that are stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from kailash_testkit.client.resources.stored import StoredRows
from kailash_testkit.errors import ReadYourWritesError
from kailash_testkit.judge.bodies import Json
from kailash_testkit.judge.comparing import stale
from kailash_testkit.models.rows import Row, jsonable

_MOST: Final = 3  # rows of each kind in a message
_NO_CACHE: Final = "DataFlow(url, cache_enabled=False), enable_cache=False on the ListNode, or cache_ttl=0"
_SOME_ROWS: Final = "for a list of some rows only: api.resource(path, where={'customer_id': ...})"


class ListedRows:
    """The objects of a list, and the stored rows that it should show.

    where: the request, for messages.
    filters: parameters of the query that name columns; None when the list need not have all rows.
    stated_total: how many objects there are in all, according to the response.
    """

    def __init__(
        self,
        where: str,
        listed: Sequence[Json],
        filters: Mapping[str, object] | None,
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
        self._listed = {str(item[id_field]): item for item in listed if id_field in item}
        stored = {key: rows.row(key) for key in self._listed}
        wanted = [] if filters is None else rows.all(filters, self._tenants(stored))
        self.missing = [row for row in wanted if str(jsonable(row.id)) not in self._listed]
        """The rows that the list should show, and does not."""
        self._wrong = {key: reason for key, row in stored.items() if (reason := rows.hidden(row)) is not None}
        self._old = {
            key: lines
            for key, row in stored.items()
            if row is not None and key not in self._wrong and (lines := stale(row, self._listed[key], ignored))
        }

    def _tenants(self, stored: Mapping[str, Row | None]) -> set[object] | None:
        """Whose rows are to be shown where no tenant is active: those of the tenants that the list is about."""
        if not self._rows.model.tenant or self._rows.tenant is not None:
            return None
        return {row["tenant_id"] for row in stored.values() if row is not None}

    def failure(self) -> tuple[ReadYourWritesError, Json | None] | None:
        """What is wrong, with the first row as the list shows it; None where nothing is."""
        if not (self.missing or self._wrong or self._old):
            return None
        name = self._rows.model.name
        details = [f"missing: {row!r}" for row in self.missing[:_MOST]]
        details += [f"{reason}: {name} {key}" for key, reason in [*self._wrong.items()][:_MOST]]
        details += [f"{name} {key}: {line}" for key in [*self._old][:_MOST] for line in self._old[key][:_MOST]]
        more = sum(max(0, len(found) - _MOST) for found in (self.missing, self._wrong, self._old))
        why, do = self._stated()
        failure = ReadYourWritesError(
            f"{self._where}: the list does not show the stored {name} rows: {self._counts()}",
            details=[*details, *([f"... and {more} more"] if more else [])],
            why=why,
            do=do,
        )
        key = next(iter([*self._wrong, *self._old]), None)
        failure.row_id = self.missing[0].id if key is None else key
        return failure, None if key is None else self._listed[key]

    def _stated(self) -> tuple[str | None, str | None]:
        """What the response says of itself."""
        if self._cached:
            return "the response says that it comes from DataFlow's query cache (_cache.hit)", _NO_CACHE
        count = len(self._listed)
        only_missing = self.missing and not (self._wrong or self._old)
        if only_missing and self._stated_total is not None and self._stated_total >= count + len(self.missing):
            return (
                f"the response says that there are {self._stated_total}; it shows {count}, and the next page was not "
                "found by its links, cursors or usual parameters",
                "ask for all: resource.list(limit=...) checks only the rows that it shows",
            )
        return None, _SOME_ROWS if only_missing else None

    def _counts(self) -> str:
        reasons = list(self._wrong.values())
        found = {"missing": len(self.missing)} | {each: reasons.count(each) for each in dict.fromkeys(reasons)}
        found["stale"] = len(self._old)
        return ", ".join(f"{count} {word}" for word, count in found.items() if count)
