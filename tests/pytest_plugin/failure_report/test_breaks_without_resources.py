"""Breaks of an application, and tests that compare nothing but an answer: the first screen of the report says why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from database_kinds import kinds_of
from inner_session import Project
from server_runs import GivenServers

MODELS = """
    import os
    from datetime import datetime
    from enum import Enum
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    class Status(str, Enum):
        OPEN = "open"
        PAID = "paid"

    @db.model
    class Booking:
        id: str
        code: str
        status: Status = Status.OPEN
        __dataflow__ = {"indexes": [{"name": "booking_code", "fields": ["code"], "unique": True}]}

    @db.model
    class Guest:
        id: str
        name: str
"""
API = """
    import contextlib
    import importlib
    import os
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import Status, db
    from sqlalchemy.engine import make_url

    class Raw:
        # A connection that is left in a transaction.

        def __init__(self):
            url = make_url(os.environ["DATABASE_URL"])
            names = {"sqlite": "sqlite3", "postgresql": "psycopg2", "mysql": "pymysql"}
            driver = importlib.import_module(names[url.get_backend_name()])
            if url.get_backend_name() == "sqlite":
                self.connection = driver.connect(url.database, check_same_thread=False)
            else:
                given = {"host": url.host, "port": url.port, "user": url.username, "password": url.password or ""}
                self.connection = driver.connect(**given, database=url.database)
            cursor = self.connection.cursor()
            cursor.execute("INSERT INTO bookings (id, code, status) VALUES ('open', 'open', 'open')")

    raw = []

    async def forgets(request):
        db.express.create("Booking", await request.json())
        return JSONResponse({}, 201)

    async def does_nothing(request):
        return JSONResponse({}, 201)

    async def swallows(request):
        with contextlib.suppress(Exception):
            await db.express.create("Booking", await request.json())
        return JSONResponse({}, 201)

    async def stores_text(request):
        await db.express.create("Booking", {**await request.json(), "status": str(Status.OPEN)})
        return JSONResponse({}, 201)

    async def updates_another(request):
        await db.express.update("Booking", "booking-1", await request.json())
        return JSONResponse({})

    async def stays_open(request):
        raw.append(Raw())
        return JSONResponse({}, 201)

    async def few(request):
        return JSONResponse([row["id"] for row in await db.express.list("Guest")])

    async def found(request):
        rows = await db.express.list("Booking", {"code": request.path_params["code"]}, limit=1)
        return JSONResponse(rows[0] if rows else {}, 200 if rows else 404)

    writers = [forgets, does_nothing, swallows, stores_text, stays_open]
    app = Starlette(routes=[
        *(Route(f"/{writer.__name__}", writer, methods=["POST"]) for writer in writers),
        Route("/updates_another/{id}", updates_another, methods=["PUT"]),
        Route("/guests", few),
        Route("/bookings/{code}", found),
    ])
"""
TESTS = """
    import pytest
    from kailash_testkit import Factory
    from shop import api as application

    bookings = Factory("Booking")

    @pytest.mark.filterwarnings("ignore:coroutine")
    async def test_forgotten_await(api):
        await api.post("/forgets", json={"id": "a", "code": "x"})
        assert (await api.get("/bookings/x")).status_code == 200

    async def test_success_without_storing(api):
        await api.post("/does_nothing", json={"id": "a", "code": "x"})
        assert (await api.get("/bookings/x")).status_code == 200

    async def test_swallowed_duplicate(api):
        booking = await bookings.create()
        await api.post("/swallows", json={"id": "a", "code": booking.code})
        assert (await api.get(f"/bookings/{booking.code}")).json()["id"] == "a"

    async def test_enum_as_text(api):
        await api.post("/stores_text", json={"id": "a", "code": "x"})
        assert await bookings.count(status="open") == 1

    async def test_wrong_row(api):
        first, second = await bookings.create_many(2)
        await api.put(f"/updates_another/{second.id}", json={"status": "paid"})
        assert (await bookings.get(second.id)).status == "paid"

    async def test_open_transaction(api):
        response = await api.post("/stays_open", json={})
        assert response.json() == {"id": "open"}

    async def test_default_limit(api):
        await Factory("Guest").create_many(101)
        assert len((await api.get("/guests")).json()) == 101
"""
SAID = {
    "forgotten_await": r"POST /forgets +201 +changed nothing.*"
    r"observed: express\.create\('Booking', \.\.\.\) was called and never awaited during POST /forgets, in api\.py:\d+",
    "success_without_storing": r"POST /does_nothing +201 +changed nothing GET /bookings/x +404",
    "swallowed_duplicate": r"seeded: 1 Booking POST /swallows +201 +changed nothing.*"
    r"node: a create of Booking failed during POST /swallows: .*(UNIQUE|unique|Duplicate)",
    "enum_as_text": r"created Booking 'a': code='x', status='Status.OPEN' \(no member\)",
    "wrong_row": r"seeded: 2 Booking PUT /updates_another/booking-2 +200 +"
    r"updated Booking 'booking-1': status open -> paid",
    "open_transaction": r"POST /stays_open +201 .*"
    r"open transaction \(nobody else sees its rows\): .*in (a )?transaction",
    "default_limit": r"observed: express.list returned 100 rows of Guest, its default limit; the table has 101, "
    r"during GET /guests",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kinds = kinds_of(metafunc, ["sqlite", "postgresql", "mysql"])
    marks: dict[str, Any] = {"sqlite": []}
    metafunc.parametrize("kind", [pytest.param(kind, marks=marks.get(kind, [pytest.mark.slow])) for kind in kinds])


@pytest.mark.slow
@pytest.mark.databases
def test_the_first_screen_names_the_cause(shop: Project, kind: str, request: pytest.FixtureRequest) -> None:
    shop.write({"shop/models.py": MODELS, "shop/api.py": API, "tests/test_breaks.py": TESTS})
    database = "sqlite"
    if kind != "sqlite":
        servers: GivenServers = request.getfixturevalue("given_servers")
        database = servers.of("mariadb" if kind == "mysql" else kind).url
    output = shop.run(f"--testkit-database={database}").output
    for name, said in SAID.items():
        section = re.search(rf"_ test_{name} _.*?- kailash-testkit -+\n(.*?)\nreplay:", output, re.DOTALL)
        assert section, name
        text = re.sub(r"\s+", " ", section[1])
        assert re.search(said, text), f"{name}: {text}"
        assert len(section[1].splitlines()) < 25
