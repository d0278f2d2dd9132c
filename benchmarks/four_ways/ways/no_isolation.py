"""The base line: the kit's factories and client in plain pytest. No plugin of the kit, no triggers, nothing taken back.

Run with ``-p no:kailash_testkit``, so that nothing of the kit runs around a test either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from office.api import make_app
from office.models import make_db

from kailash_testkit import ApiClient, Factory, Kit
from kailash_testkit.databases.journal import KnownState, Mark, RecordedChange, UndoReport
from kailash_testkit.databases.kinds import kind_of_url, load
from ways.places import Places
from ways.with_kit import KitDriver


class NoJournal:
    """A journal that records nothing and never has anything to take back."""

    def install(self) -> None: ...

    def refresh(self) -> None: ...

    def head(self) -> int:
        return 0

    def mark(self) -> Mark:
        return Mark(0)

    def moved(self, mark: Mark) -> bool:
        return False

    def changes(self, since: Mark) -> list[RecordedChange]:
        return []

    def gaps(self, since: Mark) -> tuple[str, ...]:
        return ()

    def undo(self, mark: Mark) -> UndoReport:
        return UndoReport("nothing", 0)

    def replay(self, changes: Sequence[RecordedChange]) -> None: ...

    def keep_rows(self, since: Mark | None) -> Callable[[], list[RecordedChange]]:
        return list

    def begin_again(self, states: Sequence[KnownState]) -> list[Mark]:
        return [Mark(0) for _ in states]

    def release(self, mark: Mark) -> None: ...

    def fingerprint(self) -> str:
        return ""

    def close(self) -> None: ...


@pytest.fixture(scope="session")
async def open_kit() -> AsyncIterator[Kit]:
    places = Places()
    url = places.create("office")
    kind = kind_of_url(url)
    assert kind is not None
    database: Any = load(kind.database)
    database.journal = lambda _: NoJournal()
    db = make_db(url)
    async with Kit(db, isolation="none", allow_existing=True) as kit:
        yield kit
    await db.cleanup_all_pools()
    await db.close_async()
    places.drop("office")
    places.close()


@pytest.fixture(scope="session")
async def open_api(open_kit: Kit) -> AsyncIterator[ApiClient]:
    async with ApiClient(make_app(), kit=open_kit) as api:
        yield api


@pytest.fixture(scope="session")
def factories() -> dict[type, Factory]:
    return {}


@pytest.fixture
def driver(open_kit: Kit, open_api: ApiClient, factories: dict[type, Factory]) -> KitDriver:
    return KitDriver(open_kit, open_api, factories)
