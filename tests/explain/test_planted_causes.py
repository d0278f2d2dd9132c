"""Each cause for a missing row, planted in a small application, is named, with its evidence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from database_kinds import Kind, Sql
from faulty_shop import Shop, UrlOf, register_models, run
from releases_of_kailash import needs_soft_delete
from sample_app import make_db

from kailash_testkit.explain import Cause
from kailash_testkit.internals.releases import SOFT_DELETE

sqlite_only = pytest.mark.databases("sqlite")
"""For what does not depend on the kind of database."""


@pytest.fixture
def behind(shop: Shop, database_kind: Kind) -> Sql:
    """Runs SQL behind DataFlow's back, as another process does."""
    return database_kind.sql(shop.kit.database.url)


# --- never written ---------------------------------------------------------------------------------


async def test_a_row_that_nobody_wrote(shop: Shop) -> None:
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.NEVER_WRITTEN, True)


async def test_a_create_that_failed_without_raising(shop: Shop, database_kind: Kind) -> None:
    async def create_twice() -> None:
        for row_id in ("first", "second"):
            await run("OrderCreateNode", id=row_id, code="same")

    await shop.does(create_twice)
    found = await shop.explained("Order", "second")
    assert (found.cause, found.certain) == (Cause.CREATE_FAILED, True)
    assert found.summary.startswith(f"Order 'second' was never written: {database_kind.duplicate}")
    assert "a create of Order failed during POST http://testserver/do" in found.evidence[0]
    assert (await shop.explained("Order", "first")).cause is Cause.VISIBLE


async def test_a_create_that_failed_and_was_given_no_id(shop: Shop) -> None:
    await shop.does(lambda: run("NoteCreateNode"))
    found = await shop.explained("Note", 1)
    assert (found.cause, found.certain) == (Cause.CREATE_FAILED, False)
    assert "no value for the required field text" in found.summary
    assert (await shop.explained("Order", "x")).cause is Cause.NEVER_WRITTEN, "that was another model"


async def test_a_batch_that_failed(shop: Shop, database_kind: Kind) -> None:
    rows = [{"id": "a", "code": "same"}, {"id": "b", "code": "same"}]
    await shop.does(lambda: run("OrderBulkCreateNode", data=rows))
    found = await shop.explained("Order", "b")
    assert found.cause is Cause.CREATE_FAILED
    assert database_kind.duplicate in found.summary


@sqlite_only
async def test_a_log_that_is_switched_off_is_admitted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("dataflow.core.nodes"), "disabled", True)
    await shop.does(lambda: run("NoteCreateNode"))
    found = await shop.explained("Note", 1)
    assert found.cause is Cause.NEVER_WRITTEN
    assert "the log in which DataFlow tells of it is switched off" in found.unknown[0]


async def test_a_changed_schema_leaves_it_undecided(shop: Shop, behind: Sql) -> None:
    behind("CREATE TABLE extra (id INTEGER)")
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.UNDECIDED, False)
    assert found.unknown == ["whether it was ever written"]


@pytest.mark.databases("sqlite", "mysql")
async def test_an_id_that_create_node_did_not_return(shop: Shop) -> None:
    created: list[Any] = []

    async def create() -> None:
        created.append(await run("NoteCreateNode", text="a"))

    await shop.does(create)
    found = await shop.explained("Note", created[0].get("id"))
    assert found.cause is Cause.NOT_AN_ID


# --- written, and gone -----------------------------------------------------------------------------


async def test_a_row_that_was_deleted_names_the_request(shop: Shop) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="x"))
    await shop.does(lambda: run("OrderDeleteNode", filter={"id": "x"}))
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.DELETED, True)
    assert found.summary == "Order 'x' was deleted during POST http://testserver/do"
    (line,) = found.evidence
    during = "during POST http://testserver/do (change 1 of 2 in the journal)"
    assert line == f"it was written {during}, and deleted by change 2 of 2"


async def test_a_row_that_the_test_deleted(shop: Shop) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="x"))
    await shop.kit.delete("Order", "x")
    found = await shop.explained("Order", "x")
    assert found.summary == "Order 'x' was deleted outside of any request of this test"


async def test_a_row_that_was_given_another_id(shop: Shop) -> None:
    await shop.kit.create("Order", id="before")
    await shop.does(lambda: run("OrderUpdateNode", filter={"id": "before"}, fields={"id": "after"}))
    found = await shop.explained("Order", "before")
    assert found.cause is Cause.ID_CHANGED
    assert "was given the id 'after' during POST" in found.summary


# --- written elsewhere -----------------------------------------------------------------------------


@pytest.fixture
def other(shop: Shop, url_of: UrlOf, database_kind: Kind) -> Any:
    """A second DataFlow with the same models, registered later: node names lead to it."""
    db = make_db(url_of("other"), **database_kind.options)
    register_models(db)
    assert db.create_tables_sync()
    shop.others.append(db)
    return db


async def test_a_node_name_that_leads_to_another_dataflow(shop: Shop, other: Any) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="x"))
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.OTHER_DATABASE, True)
    assert "other" in found.summary
    assert found.summary.endswith(", not in the test database")
    assert "leads to the other" in found.evidence[1]
    assert "get_node" in (found.cure or "")


@pytest.mark.slow
async def test_another_dataflow_that_is_used_explicitly(shop: Shop, url_of: UrlOf, database_kind: Kind) -> None:
    db = make_db(url_of("other"), **database_kind.options)
    register_models(db)
    shop.others.append(db)
    await shop.does(lambda: db.express.create("Order", {"id": "x"}))
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.OTHER_DATABASE, True)


async def test_another_dataflow_with_a_row_of_the_same_number_is_only_likely(shop: Shop, other: Any) -> None:
    await run(other.get_node("NoteCreateNode"), text="unrelated")
    found = await shop.explained("Note", 1)
    assert (found.cause, found.certain) == (Cause.OTHER_DATABASE, False)
    assert found.unknown == ["whether that row is this one"]


async def test_a_node_name_that_leads_elsewhere_and_a_row_of_unknown_id(shop: Shop, other: Any) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="made by the server"))
    found = await shop.explained("Order", "x")
    assert (found.cause, found.certain) == (Cause.OTHER_DATABASE, False)
    assert "nodes named OrderCreateNode and the like write to" in found.summary


@pytest.mark.slow
async def test_two_dataflows_on_one_database_are_no_cause(shop: Shop, database_kind: Kind) -> None:
    db = make_db(shop.kit.database.url, **database_kind.options)
    register_models(db)
    shop.others.append(db)
    assert (await shop.explained("Order", "x")).cause is Cause.NEVER_WRITTEN


# --- not committed ---------------------------------------------------------------------------------


@pytest.fixture
def connection(shop: Shop, database_kind: Kind) -> Iterator[Any]:
    with closing(database_kind.connect(shop.kit.database.url)) as connection:
        yield connection


INSERT = "INSERT INTO orders (id, status, code) VALUES ('x', 'open', '')"


@pytest.mark.slow
async def test_a_transaction_that_is_still_open(shop: Shop, connection: Any, database_kind: Kind) -> None:
    async def insert() -> None:
        for statement in ("BEGIN", INSERT):
            database_kind.rows(connection, statement)

    await shop.does(insert)
    found = await shop.kit.explain("Order", "x")
    assert (found.cause, found.certain) == (Cause.NOT_COMMITTED, False)
    assert database_kind.session_of(connection) in found.evidence[0]
    assert found.unknown == ["whether Order 'x' is among what it wrote"]
    database_kind.rows(connection, "COMMIT")
    assert (await shop.explained("Order", "x")).cause is Cause.VISIBLE


async def test_a_transaction_that_was_rolled_back(shop: Shop, connection: Any, database_kind: Kind) -> None:
    async def insert() -> None:
        for statement in ("BEGIN", INSERT, "ROLLBACK"):
            database_kind.rows(connection, statement)

    await shop.does(insert)
    found = await shop.explained("Order", "x")
    assert found.cause is Cause.NEVER_WRITTEN
    assert "no transaction that wrote Order 'x' was ever committed" in found.summary
    assert "a rollback leaves no trace" in (found.cure or "")


# --- not yet -----------------------------------------------------------------------------------------


@sqlite_only
async def test_a_task_that_writes_it_a_moment_later(shop: Shop) -> None:
    tasks: list[asyncio.Task[Any]] = []

    async def write() -> None:
        await asyncio.sleep(0.05)
        await run("OrderCreateNode", id="x")

    async def start() -> None:
        tasks.append(asyncio.create_task(write()))

    await shop.does(start)
    found = await shop.kit.explain("Order", "x")
    assert (found.cause, found.certain) == (Cause.STILL_RUNNING, True)
    assert "write" in found.evidence[0]
    await asyncio.gather(*tasks)


@sqlite_only
async def test_a_task_that_does_not_get_to_it(shop: Shop) -> None:
    go, tasks = asyncio.Event(), list[asyncio.Task[Any]]()

    async def wait_for_go() -> None:
        await go.wait()

    async def start() -> None:
        tasks.append(asyncio.create_task(wait_for_go()))

    await shop.does(start)
    found = await shop.kit.explain("Order", "x")
    assert (found.cause, found.certain) == (Cause.STILL_RUNNING, False)
    assert "wait_for_go at" in found.evidence[0]
    go.set()
    await asyncio.gather(*tasks)


@sqlite_only
async def test_a_test_that_waits_for_the_explanation_is_no_suspect(shop: Shop) -> None:
    await shop.does(lambda: asyncio.sleep(0))
    found, _ = await asyncio.gather(shop.kit.explain("Order", "x"), shop.kit.explain("Order", "y"))
    assert found.cause is Cause.NEVER_WRITTEN, str(found)


@sqlite_only
async def test_logging_that_is_configured_anew_is_heard_again_in_the_next_test(shop: Shop) -> None:
    logger = logging.getLogger("dataflow.core.nodes")
    before = logger.handlers[:]
    logger.handlers.clear()  # as logging.config.dictConfig does
    try:
        await shop.does(lambda: run("NoteCreateNode"))
        found = await shop.explained("Note", 1)
        assert (found.cause, bool(found.unknown)) == (Cause.NEVER_WRITTEN, True)
        shop.kit.explainer.forget()
        await shop.does(lambda: run("NoteCreateNode"))
        assert (await shop.explained("Note", 1)).cause is Cause.CREATE_FAILED
    finally:
        logger.handlers[:] = before


@sqlite_only
async def test_a_request_that_is_not_answered_yet(shop: Shop) -> None:
    go = asyncio.Event()
    shop.handlers[:] = [go.wait]
    request = asyncio.create_task(shop.api.post("/do"))
    await asyncio.sleep(0)
    found = await shop.kit.explain("Order", "x")
    assert found.cause is Cause.STILL_RUNNING
    assert "not answered yet: POST http://testserver/do" in found.evidence
    go.set()
    await request


# --- there, and hidden -------------------------------------------------------------------------------


@needs_soft_delete
async def test_a_soft_deleted_row_names_the_request(shop: Shop) -> None:
    await shop.kit.create("Product", id="x")
    await shop.does(lambda: run("ProductDeleteNode", filter={"id": "x"}))
    found = await shop.explained("Product", "x")
    assert (found.cause, found.certain) == (Cause.SOFT_DELETED, True)
    assert found.summary.endswith("during POST http://testserver/do")


@sqlite_only
async def test_an_id_of_another_type(shop: Shop) -> None:
    note = await shop.kit.create("Note")
    found = await shop.explained("Note", str(note.id))
    assert (found.cause, found.certain) == (Cause.OTHER_ID_TYPE, True)
    assert f"there is Note {note.id}" in found.evidence
    await shop.kit.create("Order", id="7")
    assert (await shop.explained("Order", 7)).cause is Cause.OTHER_ID_TYPE
    assert not (await shop.explained("Note", "12")).certain


async def test_a_row_beyond_what_a_list_shows(shop: Shop) -> None:
    notes = await shop.kit.factory("Note").create_many(12)
    found = await shop.explained("Note", notes[1].id)
    assert (found.cause, found.certain) == (Cause.BEYOND_LIMIT, False)
    assert "number 11 of 12, newest first" in found.summary
    assert (await shop.explained("Note", notes[2].id)).cause is Cause.VISIBLE


async def test_a_row_that_nothing_hides(shop: Shop) -> None:
    await shop.does(lambda: run("OrderCreateNode", id="x"))
    found = await shop.explained("Order", "x")
    assert found.cause is Cause.VISIBLE
    assert "last written during POST http://testserver/do" in found.evidence


class TestTenants:
    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"multi_tenant": True}

    async def test_a_row_of_another_tenant(self, shop: Shop) -> None:
        with shop.kit.tenant("acme"):
            note = await shop.kit.create("Note")
        with shop.kit.tenant("bolt"):
            found = await shop.explained("Note", note.id)
            assert (found.cause, found.certain) == (Cause.OTHER_TENANT, True)
            assert "belongs to tenant 'acme', and the active tenant is 'bolt'" in found.summary
        assert "no tenant is active" in (await shop.explained("Note", note.id)).summary


@pytest.mark.skipif(SOFT_DELETE.holds(), reason="this release deletes softly")
async def test_a_release_without_soft_deletion_hides_every_row(shop: Shop) -> None:
    product = await shop.kit.create("Product", name="pen")
    assert [row.id for row in await shop.kit.rows("Product")] == [product.id]
    assert await shop.kit.count("Product", name="pen") == 1
    found = await shop.explained("Product", product.id)
    assert (found.cause, found.certain) == (Cause.NO_SOFT_DELETE, True)
    assert "2.14.0 or later" in (found.cure or "")
