"""With a new DataFlow for each test, on a new database, as DataFlow's documentation shows it; rows by `express`."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from office.api import make_app
from office.models import make_db

from ways.express import ExpressDriver
from ways.places import Places, client_of

_numbers = itertools.count()


@pytest.fixture(scope="session")
def places() -> Iterator[Places]:
    places = Places()
    yield places
    places.close()


@pytest.fixture
async def driver(places: Places) -> AsyncIterator[ExpressDriver]:
    name = f"office{next(_numbers)}"  # a name of its own: DataFlow keeps what it knows of a database by its URL
    db = make_db(places.create(name))
    await db.create_tables_async()  # `initialize` besides would cost seconds, and add nothing
    async with client_of(make_app()) as client:
        yield ExpressDriver(db, client)
    await db.cleanup_all_pools()
    await db.close_async()
    places.drop(name)
