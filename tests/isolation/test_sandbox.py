"""`Sandbox`: whose rows live how long, and what happens when the way back is blocked."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any

import pytest
from database_kinds import Kind
from releases_of_kailash import needs_own_cache_keys
from sample_app import register

from kailash_testkit.changes import created
from kailash_testkit.errors import DatabaseBusy, IsolationFailed
from kailash_testkit.isolation.sandbox import Sandbox
from kailash_testkit.kit import Kit


class Notes:
    """A database with a table ``notes``, written to behind DataFlow's back."""

    def __init__(self, kit: Kit, kind: Kind) -> None:
        self.kit = kit
        self.kind = kind
        self.sandbox: Sandbox = kit.sandbox

    def connected(self) -> AbstractContextManager[Any]:
        """A connection of somebody else's."""
        return closing(self.kind.connect(self.kit.database.url))

    def run(self, *statements: str) -> None:
        with self.connected() as connection:
            for statement in statements:
                self.kind.rows(connection, statement)

    def add(self, *texts: str) -> None:
        self.run(*[f"INSERT INTO notes (text) VALUES ('{text}')" for text in texts])

    def texts(self) -> list[str]:
        return [text for (text,) in self.query("SELECT text FROM notes ORDER BY id")]

    def query(self, query: str) -> list[Any]:
        with self.connected() as connection:
            return self.kind.rows(connection, query)

    def has_table(self, name: str) -> bool:
        return name in self.kit.database.tables()

    def owned_by(self, owner: object, *texts: str) -> None:
        started = self.sandbox.begin()
        self.add(*texts)
        self.sandbox.finish(owner, started)

    def settled(self) -> list[str]:
        self.sandbox.settle()
        return self.texts()


@pytest.fixture
def db(new_db: Callable[..., Any]) -> Any:
    db = new_db()
    register(db, "Note", id=int, text=str)
    return db


@pytest.fixture
def notes(db: Any, database_kind: Kind) -> Iterator[Notes]:
    with Kit(db, verify=True) as kit:
        yield Notes(kit, database_kind)


# --- a test's own rows ---------------------------------------------------------------------------


def test_a_tests_rows_go(notes: Notes) -> None:
    notes.add("a")
    assert notes.settled() == []
    notes.add("b")
    assert notes.query("SELECT id FROM notes") == [(1,)]


def test_moved_is_only_told_of_something_new(notes: Notes) -> None:
    assert not notes.sandbox.moved()
    notes.add("a")
    assert notes.sandbox.moved()
    notes.sandbox.settle()
    assert not notes.sandbox.moved()


def test_kept_rows_stay(notes: Notes) -> None:
    notes.add("kept")
    notes.sandbox.keep()
    notes.add("gone")
    assert notes.settled() == ["kept"]
    notes.add("kept too")
    notes.sandbox.keep()
    assert notes.settled() == ["kept", "kept too"]


def test_kept_rows_outlive_the_owner_in_whose_time_they_were_written(notes: Notes) -> None:
    notes.owned_by("module", "m")
    notes.add("kept")
    notes.sandbox.keep()
    notes.sandbox.end("module")
    assert notes.settled() == ["kept"]


def test_rows_are_kept_of_a_test_and_not_of_an_owner_that_began_in_it(notes: Notes) -> None:
    notes.add("before")
    notes.owned_by("session", "s")
    notes.add("after")
    notes.sandbox.keep()
    assert sorted(notes.settled()) == ["after", "before", "s"]
    notes.sandbox.end("session")
    assert sorted(notes.settled()) == ["after", "before"]


# --- wider owners ----------------------------------------------------------------------------------


def test_an_owners_rows_live_as_long_as_it(notes: Notes) -> None:
    notes.owned_by("session", "s")
    notes.owned_by("module", "m")
    notes.add("t")
    assert notes.settled() == ["s", "m"]
    notes.sandbox.end("module")
    assert notes.settled() == ["s"]
    notes.sandbox.end("session")
    assert notes.settled() == []


def test_owners_may_end_together(notes: Notes) -> None:
    for owner in ("session", "package", "module"):
        notes.owned_by(owner, owner)
    for owner in ("module", "session"):
        notes.sandbox.end(owner)
    assert notes.settled() == ["package"]


@pytest.mark.slow
@pytest.mark.parametrize("ended", [["a"], ["b"], ["c"], ["a", "b"], ["a", "c"], ["b", "c"]], ids=", ".join)
def test_owners_may_end_in_any_order(notes: Notes, ended: list[str]) -> None:
    for owner in "abc":
        notes.owned_by(owner, owner)
    for owner in ended:
        notes.sandbox.end(owner)
        notes.add("of a test")
        notes.sandbox.settle()
    assert notes.texts() == [owner for owner in "abc" if owner not in ended]
    for owner in set("abc") - set(ended):
        notes.sandbox.end(owner)
    assert notes.settled() == []


def test_an_owner_that_changes_rows_of_another(notes: Notes) -> None:
    notes.owned_by("session", "s")
    started = notes.sandbox.begin()
    notes.run("UPDATE notes SET text = 'changed'")
    notes.sandbox.finish("module", started)
    notes.add("t")
    assert notes.settled() == ["changed"]
    notes.sandbox.end("module")
    assert notes.settled() == ["s"]


def test_an_owner_that_writes_nothing(notes: Notes) -> None:
    notes.owned_by("session")
    notes.add("t")
    notes.sandbox.end("session")
    assert notes.settled() == []


def test_an_owner_within_an_owner_shares_its_fate(notes: Notes) -> None:
    outer = notes.sandbox.begin()
    notes.add("outer")
    notes.owned_by("inner", "inner")
    notes.sandbox.finish("outer", outer)
    notes.sandbox.end("inner")
    assert notes.settled() == ["outer", "inner"]
    notes.sandbox.end("outer")
    assert notes.settled() == []


def test_an_owner_that_begins_when_the_test_already_has_rows(notes: Notes) -> None:
    notes.add("before")
    notes.owned_by("session", "s")
    notes.add("after")
    assert notes.texts() == ["before", "s", "after"]
    assert notes.settled() == ["s"]
    notes.add("next")
    assert notes.settled() == ["s"]
    notes.sandbox.end("session")
    assert notes.settled() == []


def test_several_such_owners_of_which_one_ends_with_the_test(notes: Notes) -> None:
    notes.add("before")
    for owner in "abc":
        notes.owned_by(owner, owner)
        notes.add("between")
    notes.sandbox.end("b")
    assert notes.settled() == ["a", "c"]
    notes.sandbox.end("a")
    assert notes.settled() == ["c"]


def test_such_an_owner_that_needs_a_row_of_the_test(notes: Notes) -> None:
    notes.add("before")
    started = notes.sandbox.begin()
    notes.run("UPDATE notes SET text = 'mine'")
    notes.sandbox.finish("the fixture admin", started)
    with pytest.raises(IsolationFailed) as raised:
        notes.sandbox.settle()
    assert "the rows that the fixture admin wrote cannot be kept apart from a test's" in str(raised.value)
    assert notes.settled() == []  # told once, and the next test starts from a clean state


def test_such_an_owner_that_changes_the_schema(notes: Notes) -> None:
    """An application's start-up that makes tables of its own, after the test has seeded its rows."""
    notes.add("before")
    started = notes.sandbox.begin()
    notes.run("CREATE TABLE audit (entry TEXT)", "INSERT INTO audit VALUES ('started')")
    notes.add("s")
    notes.sandbox.finish("start-up", started)
    assert notes.texts() == ["before", "s"]
    notes.add("after")
    notes.run("INSERT INTO audit VALUES ('of the test')")
    assert notes.settled() == ["s"]
    assert notes.query("SELECT * FROM audit") == [("started",)]
    notes.add("next")
    assert notes.settled() == ["s"]
    notes.sandbox.end("start-up")
    assert notes.settled() == []
    assert not notes.has_table("audit")


def test_an_owner_ends_below_one_that_changed_the_schema(notes: Notes) -> None:
    notes.owned_by("session", "s")
    notes.owned_by("module", "m")
    started = notes.sandbox.begin()
    notes.run("CREATE TABLE audit (entry TEXT)", "INSERT INTO audit VALUES ('started')")
    notes.sandbox.finish("start-up", started)
    notes.owned_by("class", "c")
    notes.add("t")
    notes.sandbox.end("module")
    assert notes.settled() == ["s", "c"]
    assert notes.query("SELECT * FROM audit") == [("started",)]
    notes.sandbox.end("class")
    assert notes.settled() == ["s"]
    notes.sandbox.end("start-up")
    assert notes.settled() == ["s"]
    assert not notes.has_table("audit")


def test_of_several_below_one_that_changed_the_schema_any_may_end(notes: Notes) -> None:
    for owner in "abc":
        notes.owned_by(owner, owner)
    started = notes.sandbox.begin()
    notes.run("CREATE TABLE audit (entry TEXT)", "INSERT INTO audit VALUES ('started')")
    notes.add("s")
    notes.sandbox.finish("start-up", started)
    notes.sandbox.end("b")
    assert notes.settled() == ["a", "c", "s"]
    assert notes.query("SELECT * FROM audit") == [("started",)]
    notes.sandbox.end("a")
    assert notes.settled() == ["c", "s"]
    notes.sandbox.end("start-up")
    assert notes.settled() == ["c"]
    assert not notes.has_table("audit")


# --- the ledger ------------------------------------------------------------------------------------


def test_the_rows_of_an_owner_are_not_in_the_ledger_of_a_block(notes: Notes) -> None:
    with notes.kit.changes() as changes:
        notes.add("before")
        started = notes.sandbox.begin()
        notes.run("CREATE TABLE audit (entry TEXT)", "INSERT INTO audit VALUES ('started')")
        notes.add("s")
        notes.sandbox.finish("start-up", started)
        notes.add("after")
    changes.assert_only(created("Note", text="before"), created("Note", text="after"))


# --- a blocked way back ------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_open_transaction_is_named_and_never_waited_for_long(notes: Notes) -> None:
    notes.owned_by("session", "s")
    notes.owned_by("module", "m")
    notes.sandbox.end("session")
    with notes.connected() as connection:
        notes.kind.rows(connection, "BEGIN")
        notes.kind.rows(connection, "INSERT INTO notes (text) VALUES ('uncommitted')")
        started = time.perf_counter()
        for _ in range(2):
            with pytest.raises(DatabaseBusy) as raised:
                notes.sandbox.settle()
        assert time.perf_counter() - started < 10
        assert notes.kind.session_of(connection) in str(raised.value)
        connection.rollback()
    assert notes.settled() == ["m"]


def test_a_lock_between_two_steps_loses_nothing(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner in "abcd":
        notes.owned_by(owner, owner)
    notes.add("before")
    notes.owned_by("e", "e")
    notes.sandbox.end("b")
    journal = notes.sandbox.journal
    dice = random.Random(7)

    def sometimes(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if dice.random() < 0.5:
                raise DatabaseBusy("locked")
            return method(*arguments)

        return call

    monkeypatch.setattr(journal, "undo", sometimes(journal.undo))
    monkeypatch.setattr(journal, "replay", sometimes(journal.replay))
    refused = 0
    while True:
        try:
            notes.sandbox.settle()
            break
        except DatabaseBusy:
            refused += 1
    assert refused > 5
    assert notes.texts() == ["a", "c", "d", "e"]
    for owner in "acde":
        notes.sandbox.end(owner)
    monkeypatch.undo()
    assert notes.settled() == []


# --- the slow way back, and proof --------------------------------------------------------------------


def test_the_tables_of_models_survive_a_test_that_drops_them(notes: Notes) -> None:
    notes.owned_by("session", "s")
    notes.run("DROP TABLE notes", "CREATE TABLE notes (other INTEGER)", "CREATE TABLE more (v INTEGER)")
    assert notes.settled() == ["s"]
    notes.add("t")
    assert notes.settled() == ["s"]
    assert not notes.has_table("more")


@pytest.mark.slow
async def test_tables_made_in_a_test_are_there_in_the_next_if_they_are_models(
    new_db: Callable[..., Any], database_kind: Kind
) -> None:
    db = new_db()
    register(db, "Note", id=int, text=str)
    async with Kit(db, verify=True) as kit:
        notes = Notes(kit, database_kind)
        await kit.create("Note")
        register(db, "Late", id=int, text=str)
        await kit.create("Late")
        await kit.reset()
        assert notes.query("SELECT * FROM lates") == []
        assert await kit.count("Note") == 0
        assert (await kit.create("Late")).id == 1
        await kit.reset()
        assert notes.query("SELECT * FROM lates") == []


@pytest.mark.databases("sqlite")
def test_what_is_written_past_the_triggers_is_undone(notes: Notes) -> None:
    """Only on SQLite is there a way past them."""
    notes.owned_by("session", "s")
    notes.sandbox.settle()
    notes.run("CREATE TABLE blobs (id INTEGER PRIMARY KEY, value BLOB)", "INSERT INTO blobs VALUES (1, x'00')")
    notes.sandbox.keep()
    for _ in range(2):
        with notes.connected() as connection, connection.blobopen("blobs", "value", 1) as blob:
            blob.write(b"\x01")
        assert notes.sandbox.moved()
        notes.sandbox.settle()
        assert notes.query("SELECT value FROM blobs") == [(b"\x00",)]


def test_verify_notices_a_wrong_undo(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    notes.add("kept")
    notes.sandbox.keep()
    undo = notes.sandbox.journal.undo

    def wrong(mark: Any) -> Any:
        report = undo(mark)
        notes.run("UPDATE notes SET text = 'wrong'")
        return report

    monkeypatch.setattr(notes.sandbox.journal, "undo", wrong)
    notes.add("t")
    with pytest.raises(IsolationFailed, match="did not restore the database exactly"):
        notes.sandbox.settle()


def test_verify_also_proves_the_slow_way(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    undo = notes.sandbox.journal.undo

    def wrong(mark: Any) -> Any:
        report = undo(mark)
        notes.add("wrong")
        return report

    monkeypatch.setattr(notes.sandbox.journal, "undo", wrong)
    notes.run("CREATE TABLE more (v INTEGER)")
    with pytest.raises(IsolationFailed, match="did not restore the database exactly"):
        notes.sandbox.settle()


# --- several kits on one database --------------------------------------------------------------------


async def test_kits_of_two_instances_share_the_sandbox(db: Any, new_db: Callable[..., Any]) -> None:
    other = new_db()  # on the same database
    register(other, "Tag", id=int, name=str)
    async with Kit(db) as kit, Kit(other) as second:
        assert kit.sandbox is second.sandbox
        with kit.changes() as changes:
            await kit.create("Note")
            await second.create("Tag", name="a")
        changes.assert_only(created("Note"), created("tags", name="a"))
        await kit.reset()
        assert (await kit.count("Note"), await second.count("Tag")) == (0, 0)
        await second.create("Tag")
    async with Kit(other) as second:
        assert await second.count("Tag") == 1


async def test_the_first_kit_may_close_before_the_second(db: Any, new_db: Callable[..., Any]) -> None:
    other = new_db()
    register(other, "Tag", id=int, name=str)
    first, second = Kit(db), Kit(other)
    await first.__aenter__()
    await second.__aenter__()
    await first.__aexit__(None, None, None)
    await second.create("Tag")
    await second.reset()
    assert await second.count("Tag") == 0
    await second.__aexit__(None, None, None)


async def test_two_kits_on_one_instance(db: Any) -> None:
    async with Kit(db) as outer:
        async with Kit(db) as inner:
            await inner.create("Note")
        await outer.create("Note")
        await outer.reset()
        assert await outer.count("Note") == 0


# --- caches --------------------------------------------------------------------------------------------


@pytest.fixture
def cached_db(new_db: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A DataFlow with its cache on, which finds no Redis, without the seconds that it takes to find none."""
    from dataflow.cache import auto_detection

    monkeypatch.setattr(auto_detection, "redis", None)
    db = new_db("cached", cache_enabled=True)
    register(db, "Note", id=int, text=str)
    return db


async def listed(kit: Kit) -> list[str]:
    """What DataFlow's own ListNode and express answer, from their caches if they can."""
    nodes = (await kit.execute("Note", "List", {"limit": 100}))["records"]
    express = await kit.dataflow.express.list("Note")
    found = [row["text"] for row in nodes]
    assert found == [row["text"] for row in express]
    return found


async def test_cached_reads_go_with_the_rows(cached_db: Any, database_kind: Kind) -> None:
    async with Kit(cached_db) as kit:
        notes = Notes(kit, database_kind)
        notes.add("a")
        assert await listed(kit) == ["a"]
        notes.run("UPDATE notes SET text = 'b'")
        assert await listed(kit) == ["a"], "the cache is on, or this test tests nothing"
        await kit.reset()
        assert await listed(kit) == []
        notes.add("c")
        assert await listed(kit) == [], "an empty result is cached as well"
        await kit.reset()
        notes.add("d")
        assert await listed(kit) == ["d"]


@pytest.fixture
def make_redis_db(redis_url: str, new_db: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    from dataflow.core.config import DataFlowConfig

    monkeypatch.setattr(DataFlowConfig, "cache_redis_url", redis_url, raising=False)

    def make(name: str) -> Any:
        db = new_db(name, cache_enabled=True)
        register(db, "Note", id=int, text=str)
        return db

    return make


@pytest.mark.slow
@needs_own_cache_keys
async def test_on_redis_only_this_databases_reads_are_forgotten(
    make_redis_db: Callable[[str], Any], redis_url: str, database_kind: Kind
) -> None:
    import redis

    with closing(redis.Redis.from_url(redis_url)) as client:
        client.set("dataflow:of:another:application", "1")
        client.set("somebody's", "1")
        async with Kit(make_redis_db("other")) as other, Kit(make_redis_db("own")) as kit:
            Notes(other, database_kind).add("other")
            assert await listed(other) == ["other"]
            of_others = set(client.keys())
            notes = Notes(kit, database_kind)
            notes.add("a")
            assert await listed(kit) == ["a"]
            assert len(client.keys()) > len(of_others), "nothing was cached, so this test tests nothing"
            notes.run("UPDATE notes SET text = 'b'")
            assert await listed(kit) == ["a"], "the cache is on, or this test tests nothing"
            await kit.reset()
            assert set(client.keys()) == of_others
            assert await listed(kit) == []
