"""With a database cloned from a template for each test, values by polyfactory, and rows by `express`.

One DataFlow and one application for the session. After each test DataFlow's pools are closed, as its documentation
says (`cleanup_all_pools`), the database is dropped, and a clone of the template takes its name and its place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from office.api import make_app
from office.models import make_db

from ways.express import ExpressDriver
from ways.places import Places, client_of


@pytest.fixture(scope="session")
async def places() -> AsyncIterator[Places]:
    """With a template that has the tables."""
    places = Places()
    db = make_db(places.create("template"))
    await db.create_tables_async()  # `initialize` besides would cost seconds, and add nothing
    await db.cleanup_all_pools()
    await db.close_async()
    yield places
    places.drop("template")
    places.close()


@pytest.fixture(scope="session")
async def db(places: Places) -> AsyncIterator[Any]:
    db = make_db(places.clone("template", "office"), make_tables=False)
    await db.cleanup_all_pools()
    places.drop("office")
    yield db
    await db.close_async()


@pytest.fixture(scope="session")
async def client(db: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


@pytest.fixture
async def driver(places: Places, db: Any, client: httpx.AsyncClient) -> AsyncIterator[ExpressDriver]:
    places.clone("template", "office")
    yield ExpressDriver(db, client)
    await db.cleanup_all_pools()
    places.drop("office")
