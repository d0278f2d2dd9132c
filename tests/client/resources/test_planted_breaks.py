"""Ten realistic breaks of an application: the first lines of the message name the cause, on each kind of database."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Annotated, Any

import pytest
from database_kinds import Kind
from fastapi import Body, FastAPI, HTTPException
from releases_of_kailash import needs_soft_delete
from sample_app import Status, in_this_loop, make_db, register

from kailash_testkit import ApiClient, Cause, Kit, Resource
from kailash_testkit.changes import created
from kailash_testkit.errors import KitError

Json = dict[str, Any]
Fields = Annotated[dict[str, Any], Body()]
UNIQUE_CODE = [{"name": "booking_code", "fields": ["code"], "unique": True}]


class Bookings:
    """An API on bookings and guests; correct until it is given a fault."""

    def __init__(self, db: Any, kind: Kind, url: str) -> None:
        self.db = db
        self.fault = ""
        self.kept: dict[str, Any] = {}
        self.open = contextlib.ExitStack()
        self._kind, self._url = kind, url
        self.app = FastAPI()
        self.app.post("/bookings", status_code=201)(self.create)
        self.app.get("/bookings")(self.list)
        self.app.get("/bookings/{row_id}")(self.read)
        self.app.put("/bookings/{row_id}")(self.update)
        self.app.get("/guests")(self.guests)

    async def create(self, fields: Fields) -> Json:
        express, row = self.db.express, {"id": str(uuid.uuid4()), "status": "open", "note": "", **fields}
        starts = datetime.fromisoformat(row["starts"])
        moment = starts.replace(tzinfo=None) if self.fault == "lost time zone" else _in_utc(starts)
        stored = {**row, "starts": moment}
        if self.fault == "success without storing":
            return row
        if self.fault == "forgotten await":
            express.create("Booking", stored)
            return row
        if self.fault == "enum as text":
            stored["status"] = f"Status.{Status(row['status']).name}"
        if self.fault == "open transaction":
            connection = self._kind.connect(self._url)
            self.open.callback(connection.close)
            self._kind.rows(connection, "BEGIN")
            self._kind.rows(
                connection,
                "INSERT INTO bookings (id, code, status, note, starts) VALUES (?, ?, ?, ?, ?)",
                *(str(stored[name]) for name in ("id", "code", "status", "note", "starts")),
            )
            return row
        try:
            await express.create("Booking", stored)
        except Exception:
            if self.fault != "swallowed duplicate":
                raise HTTPException(409) from None
        return row

    async def list(self) -> Any:
        if self.fault == "cached list" and "list" in self.kept:
            return self.kept["list"]
        rows = [_shown(row) for row in await self.db.express.list("Booking", limit=1000)]
        self.kept["list"] = rows
        return rows

    async def read(self, row_id: str) -> Json:
        row = await self.db.express.read("Booking", row_id)
        if row is None:
            raise HTTPException(404)
        return _shown(row)

    async def update(self, row_id: str, fields: Fields) -> Json:
        if self.fault == "wrong row updated":
            rows = await self.db.express.list("Booking", limit=1000)
            await self.db.express.update("Booking", next(row["id"] for row in rows if row["id"] != row_id), fields)
            return {**await self.read(row_id), **fields}
        await self.db.express.update("Booking", row_id, fields)
        return await self.read(row_id)

    async def guests(self) -> Any:
        hidden = {"include_deleted": True} if self.fault == "soft-deleted row shown" else {}
        return [{"id": row["id"]} for row in await self.db.express.list("Guest", limit=1000, **hidden)]


def _in_utc(moment: datetime) -> datetime:
    offset = moment.utcoffset()
    return moment if offset is None else moment.replace(tzinfo=None) - offset


def _shown(row: Json) -> Json:
    return {name: row[name] for name in ("id", "code", "status", "note")}


@pytest.fixture(scope="module")
def open_kits_by_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Kit]]:
    kits: dict[str, Kit] = {}
    with contextlib.ExitStack() as stack:

        def open_kit(kind: Kind) -> Kit:
            if kind.name not in kits:
                url = kind.new_url(tmp_path_factory.mktemp("breaks"), "breaks")
                stack.callback(kind.drop, url)
                db = make_db(url, **kind.options)
                stack.callback(db.close)
                config = {"indexes": UNIQUE_CODE}
                register(db, "Booking", id=str, code=str, status=Status, note=str, starts=datetime, config=config)
                register(db, "Guest", id=str, config={"soft_delete": True})
                kits[kind.name] = stack.enter_context(contextlib.closing(Kit(db).open()))
            return kits[kind.name]

        yield open_kit


@pytest.fixture
async def kit(open_kits_by_kind: Callable[[Kind], Kit], database_kind: Kind) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kits_by_kind(database_kind)) as kit:
        yield kit


@pytest.fixture
async def bookings(kit: Kit, database_kind: Kind) -> AsyncIterator[Bookings]:
    app = Bookings(kit.dataflow, database_kind, kit.database.url)
    yield app
    app.open.close()


@pytest.fixture
async def api(kit: Kit, bookings: Bookings) -> AsyncIterator[ApiClient]:
    async with ApiClient(bookings.app, kit=kit) as api:
        yield api


@pytest.fixture
def resource(api: ApiClient) -> Resource:
    return api.resource("/bookings", model="Booking")


BOOKING = {"code": "a", "starts": "2025-06-01T12:00:00+00:00", "status": "open"}


def why(failure: pytest.ExceptionInfo[KitError]) -> str:
    """The ``why`` of a message that fits on a screen and has no codes in it."""
    text = str(failure.value)
    assert len(text.splitlines()) <= 12, text
    assert "\x1b" not in text
    return failure.value.why or ""


@needs_soft_delete
async def test_a_healthy_application_gets_no_alarm(kit: Kit, resource: Resource, api: ApiClient) -> None:
    for number in range(12):
        row = await resource.create({**BOOKING, "code": f"c{number}"})
        await resource.update(row["id"], {"note": f"n{number}", "status": "paid"})
        await resource.get(row["id"])
    assert len(await resource.list()) == 12
    with kit.changes() as changes:
        await api.expect(409).post("/bookings", json={**BOOKING, "code": "c1"})
        await api.expect(404).get("/bookings/nobody")
    changes.assert_none()
    guest = await kit.create("Guest")
    guests = api.resource("/guests", model="Guest")
    assert await guests.list() == [{"id": guest.id}]
    await kit.delete("Guest", guest.id)
    assert await guests.list() == []
    assert kit.explainer.observed() == []


async def test_a_forgotten_await(bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "forgotten await"
    with pytest.warns(RuntimeWarning, match="never awaited"), pytest.raises(KitError) as failure:
        await resource.create(BOOKING)
    assert why(failure).startswith("a coroutine was never awaited: express.create('Booking', ...) was called and never")
    assert "test_planted_breaks.py:" in why(failure)
    assert failure.value.do == "await it"


async def test_success_without_storing(bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "success without storing"
    with pytest.raises(KitError, match=r"answered 201, and no Booking '.*' was stored") as failure:
        await resource.create(BOOKING)
    assert why(failure).startswith("table bookings has no row with id")


async def test_the_wrong_row_is_updated(bookings: Bookings, resource: Resource) -> None:
    first = await resource.create(BOOKING)
    other = await resource.create({**BOOKING, "code": "b"})
    bookings.fault = "wrong row updated"
    with pytest.raises(KitError, match="is not stored as it was sent") as failure:
        await resource.update(first["id"], {"note": "new"})
    assert why(failure) == f"the row did not change; Booking {other['id']!r} was updated in its place"


async def test_a_cached_list(bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "cached list"
    await resource.list()
    await resource.create(BOOKING)
    with pytest.raises(KitError, match="1 missing") as failure:
        await resource.list()
    assert why(failure).startswith(
        "most likely a copy that the application keeps itself: the same request was answered"
    )
    assert "DataFlow's cache is off" in str(failure.value)


async def test_a_list_of_an_earlier_test(kit: Kit, bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "cached list"
    row = await resource.create(BOOKING)
    await resource.list()
    await kit.reset()
    with pytest.raises(KitError, match="1 not stored") as failure:
        await resource.list()
    assert why(failure).startswith(f"most likely a row of an earlier test: the answer shows Booking {row['id']!r}")


async def test_a_swallowed_duplicate(bookings: Bookings, resource: Resource, database_kind: Kind) -> None:
    await resource.create(BOOKING)
    bookings.fault = "swallowed duplicate"
    with pytest.raises(KitError, match=r"and no Booking '.*' was stored") as failure:
        await resource.create(BOOKING)
    assert why(failure).startswith("a node failed, and the handler went on: ")
    assert database_kind.duplicate in why(failure)


async def test_an_enum_as_text(kit: Kit, bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "enum as text"
    with kit.changes() as changes, pytest.raises(KitError, match="is not stored as it was sent") as failure:
        await resource.create(BOOKING)
    assert why(failure) == "'Status.OPEN' is str(Status.OPEN), whose stored form is 'open'"
    with pytest.raises(KitError) as failure:
        changes.assert_only(created("Booking", status=Status.OPEN))
    assert "is str(Status.OPEN)" in why(failure)


async def test_a_lost_time_zone(bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "lost time zone"
    with pytest.raises(KitError, match="is not stored as it was sent") as failure:
        await resource.create({**BOOKING, "starts": "2025-06-01T12:00:00+02:00"})
    assert why(failure).startswith(
        "starts was sent with a time zone, and is stored with its digits and without the zone"
    )


@pytest.mark.slow
async def test_an_open_transaction(bookings: Bookings, resource: Resource) -> None:
    bookings.fault = "open transaction"
    with pytest.raises(KitError, match="was stored") as failure:
        await resource.create(BOOKING)
    bookings.open.close()
    assert why(failure).startswith("table bookings has no row with id")
    assert "most likely not committed: a transaction that writes is open on the test database" in why(failure)


@needs_soft_delete
async def test_a_soft_deleted_row_is_shown(kit: Kit, bookings: Bookings, api: ApiClient) -> None:
    bookings.fault = "soft-deleted row shown"
    guest = await kit.create("Guest")
    await kit.delete("Guest", guest.id)
    with pytest.raises(KitError, match="1 soft-deleted") as failure:
        await api.resource("/guests", model="Guest").list()
    assert why(failure).startswith(f"soft-deleted: Guest {guest.id!r} is in the database, soft-deleted at")


async def test_no_route_is_said_first(kit: Kit, api: ApiClient, resource: Resource) -> None:
    row = await resource.create(BOOKING)
    with pytest.raises(KitError) as failure:
        await api.resource("/booking", model="Booking").get(row["id"])
    assert failure.value.details[0].startswith(f"no route of the application matches GET /booking/{row['id']}")


@needs_soft_delete
async def test_a_default_limit_that_explain_knows(kit: Kit, bookings: Bookings, api: ApiClient) -> None:
    @bookings.app.get("/open")
    async def some() -> Any:
        return [row["id"] for row in await kit.dataflow.express.list("Guest")]

    rows = await kit.factory("Guest").create_many(101)
    await api.get("/open")
    found = await kit.explain("Guest", rows[0].id)
    assert (found.cause, found.certain) == (Cause.BEYOND_LIMIT, False)
    assert "express.list returned 100 rows of Guest, its default limit; the table has 101, during GET" in found.summary


class TestTenants:
    @pytest.fixture
    async def tenants(self, url_of: Callable[[str], str], database_kind: Kind) -> AsyncIterator[ApiClient]:
        db = make_db(url_of("tenants"), **{**database_kind.options, "multi_tenant": True})
        register(db, "Ticket", id=str, title=str)
        app = FastAPI()
        context = db.tenant_context

        @app.post("/tickets", status_code=201)
        async def create(fields: Fields) -> Json:
            row = {"id": str(uuid.uuid4()), **fields}
            async with context.aswitch("blue"):
                await db.express.create("Ticket", row)
            return row

        @app.put("/tickets/{row_id}")
        async def update(row_id: str, fields: Fields) -> Json:
            async with context.aswitch("blue"):
                await db.express.update("Ticket", row_id, fields)
            return {"id": row_id, **fields}

        @app.delete("/tickets/{row_id}", status_code=204)
        async def delete(row_id: str) -> None:
            async with context.aswitch("blue"):
                await db.express.delete("Ticket", row_id)

        @app.get("/tickets")
        async def every() -> Any:
            async with context.aswitch("blue"):
                return [{"id": row["id"]} for row in await db.express.list("Ticket")]

        async with Kit(db) as kit, ApiClient(app, kit=kit) as api:
            yield api
        db.close()

    async def test_rows_of_a_wrong_tenant(self, tenants: ApiClient) -> None:
        kit = tenants.kit
        assert kit is not None
        tickets = tenants.resource("/tickets", model="Ticket")
        with kit.tenant("blue"):
            row = await tickets.create({"title": "x"})
            await tickets.update(row["id"], {"title": "y"})
            assert len(await tickets.list()) == 1
        assert len(await tickets.list()) == 1, "without an active tenant, those of the list's own"
        with kit.tenant("red"):
            with kit.changes() as changes, pytest.raises(KitError, match=r"but Ticket .* belongs to tenant 'blue'"):
                await tickets.create({"title": "x"})
            with pytest.raises(KitError, match="belongs to tenant 'blue', and the active tenant is 'red'"):
                changes.assert_only(created("Ticket", title="x"))
            with pytest.raises(KitError, match=r"but Ticket .* belongs to tenant 'blue'"):
                await tickets.update(row["id"], {"title": "z"})
            with pytest.raises(KitError, match="2 of tenant 'blue'"):
                await tickets.list()
            with pytest.raises(KitError, match="there is no Ticket"):
                await tickets.delete(row["id"])
            other = tenants.resource("/tickets", model="Ticket", where={"tenant_id": "blue"})
            await other.create({"title": "w"})
