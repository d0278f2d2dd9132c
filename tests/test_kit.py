"""`Kit` without pytest's fixtures: opening, refusing, several instances, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dataflow import DataFlow
from sample_app import files_in, register

from kailash_testkit import Factory, Kit, KitError, open_kits
from kailash_testkit.errors import (
    ConfigurationError,
    NoActiveKit,
    UnknownField,
    UnknownModel,
    UnsafeDatabase,
    UnsupportedDatabase,
)

MakeDb = Callable[..., Any]


@pytest.fixture
def note_db(new_db: Any) -> Any:
    db = new_db("notes")
    register(db, "Note", id=int, text=str)
    return db


def database_file(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def refusal(dataflow: Any, error: type[KitError], **options: Any) -> str:
    """The message with which a kit refuses to open."""
    with pytest.raises(error) as caught:
        Kit(dataflow, **options).open()
    message = str(caught.value)
    assert len(message.splitlines()) <= 10
    return message


# --- opening and closing -------------------------------------------------------------------------


async def test_async_with(note_db: Any) -> None:
    async with Kit(note_db) as kit:
        note = await kit.create("Note", text="a")
        assert await kit.get("Note", note.id) == note


def test_with(note_db: Any) -> None:
    with Kit(note_db) as kit:
        note = kit.create_sync("Note", text="a")
        assert kit.get_sync("Note", note.id) == note


def test_a_kit_works_under_asyncio_run_again_and_again(note_db: Any) -> None:
    async def main() -> int:
        async with Kit(note_db) as kit:
            await kit.create("Note")
            return await kit.count("Note")

    assert [asyncio.run(main()) for _ in range(3)] == [1, 2, 3]


async def test_the_tables_are_made_whatever_the_instances_settings(new_db: Any) -> None:
    db = new_db(auto_migrate=False)
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        assert kit.database.tables() == ["notes"]


async def test_a_model_registered_late_gets_its_table_when_it_is_used(note_db: Any) -> None:
    async with Kit(note_db) as kit:
        register(note_db, "Late", id=int, text=str)
        assert (await kit.create("Late")).id == 1


async def test_models_are_given_as_classes_or_by_name(new_db: Any) -> None:
    db = new_db()
    note = register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        created = await kit.create(note)
        assert await kit.rows("Note") == await kit.rows(note) == [created]


async def test_a_field_may_have_any_name(new_db: Any) -> None:
    db = new_db()
    register(db, "Odd", id=int, model=str, row_id=str, kit=str, values=str)
    async with Kit(db) as kit:
        row = await kit.create("Odd", model="m", row_id="r", kit="k", values="v")
        assert await kit.find("Odd", model="m", row_id="r") == row
        assert (await kit.update("Odd", row.id, model="n", row_id="s")).matches(model="n", row_id="s")


async def test_a_closed_kit_says_so(note_db: Any) -> None:
    kit = Kit(note_db)
    for use in (lambda: kit.store, lambda: kit.database):
        with pytest.raises(ConfigurationError, match=r"(?s)this kit is not open.*async with Kit\(db\)"):
            use()
    kit.close()
    async with kit:
        await kit.create("Note")
    with pytest.raises(ConfigurationError, match="not open"):
        _ = kit.store
    async with kit:
        assert await kit.count("Note") == 1


async def test_a_kit_that_was_opened_is_closed_when_its_block_raises(note_db: Any) -> None:
    kit = Kit(note_db)
    with pytest.raises(ZeroDivisionError):
        async with kit:
            _ = 1 / 0
    with pytest.raises(ConfigurationError):
        _ = kit.store


async def test_a_second_kit_on_the_same_instance_leaves_the_first_open(note_db: Any) -> None:
    async with Kit(note_db) as outer:
        await outer.create("Note")
        async with Kit(note_db) as inner:
            assert await inner.count("Note") == 1
        await outer.create("Note")
        assert await outer.count("Note") == 2


# --- going back ----------------------------------------------------------------------------------


async def test_reset_goes_back_to_the_state_at_opening(note_db: Any) -> None:
    async with Kit(note_db) as kit:
        await kit.create("Note", text="before")
    async with Kit(note_db) as kit:
        note = await kit.create("Note", text="after")
        await kit.update("Note", 1, text="changed")
        await kit.reset()
        assert [row.text for row in await kit.rows("Note")] == ["before"]
        assert (await kit.create("Note")).id == note.id


async def test_without_isolation_reset_leaves_the_rows(note_db: Any) -> None:
    async with Kit(note_db, isolation="none") as kit:
        await kit.create("Note")
        await kit.reset()
        assert await kit.count("Note") == 1


# --- databases that are refused ------------------------------------------------------------------


def test_a_file_with_tables_that_the_kit_did_not_make_is_refused_and_not_touched(db_at: MakeDb, tmp_path: Path) -> None:
    path = database_file(tmp_path / "app.db", "CREATE TABLE customers (id INTEGER)", "CREATE TABLE orders (id INTEGER)")
    message = refusal(db_at(path), UnsafeDatabase)
    assert f"{path} is not a database that the kit may change" in message
    assert "it has tables (customers, orders) that the kit did not make" in message
    assert "allow_existing=True" in message
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",), ("orders",)]
    assert connection.execute("PRAGMA application_id").fetchone() == (0,)
    connection.close()


def test_a_refused_file_is_the_same_to_the_last_byte(db_at: MakeDb, tmp_path: Path) -> None:
    path = database_file(tmp_path / "app.db", "CREATE TABLE customers (id INTEGER)")
    before = path.read_bytes()
    refusal(db_at(path), UnsafeDatabase)
    assert path.read_bytes() == before


def test_allow_existing_takes_tables_without_rows(db_at: MakeDb, tmp_path: Path) -> None:
    path = database_file(tmp_path / "app.db", "CREATE TABLE customers (id INTEGER)")
    db = db_at(path)
    register(db, "Note", id=int, text=str)
    with Kit(db, allow_existing=True) as kit:
        assert kit.database.tables() == ["customers", "notes"]
    with Kit(db) as kit:  # it is the kit's now
        kit.create_sync("Note")


def test_rows_are_refused_even_then(db_at: MakeDb, tmp_path: Path) -> None:
    path = database_file(tmp_path / "app.db", "CREATE TABLE customers (id INTEGER)", "INSERT INTO customers VALUES (1)")
    message = refusal(db_at(path), UnsafeDatabase, allow_existing=True)
    assert "it has rows in customers" in message
    assert "use an empty database" in message
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM customers").fetchone() == (1,)
    connection.close()


def test_an_in_memory_database_is_refused_with_the_reason(db_at: MakeDb) -> None:
    message = refusal(db_at("sqlite:///:memory:"), UnsupportedDatabase)
    assert "in-memory SQLite database" in message
    assert "DataFlow loses it at close_async()" in message
    assert "sqlite:////absolute/path.db" in message


def test_a_relative_url_is_refused_with_the_reason(
    db_at: MakeDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    db = db_at("sqlite:///here.db")
    message = refusal(db, UnsupportedDatabase)
    assert "the relative SQLite URL sqlite:///here.db" in message
    assert f"makes its tables in {tmp_path}/here.db but its nodes open /here.db" in message
    assert f"use four slashes: sqlite:////{str(tmp_path)[1:]}/here.db" in message
    assert files_in(tmp_path) == set()


def test_a_missing_folder_is_refused_and_not_made(db_at: MakeDb, tmp_path: Path) -> None:
    message = refusal(db_at(tmp_path / "missing" / "app.db"), UnsupportedDatabase)
    assert f"the folder {tmp_path}/missing does not exist" in message
    assert files_in(tmp_path) == set()


def test_a_read_only_folder_is_refused(db_at: MakeDb, tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):  # root may write anywhere, except to a file system that is mounted read-only
        folder = next((path for path in (Path("/sys"), Path("/proc/sys")) if not os.access(path, os.W_OK)), folder)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write to every folder there is")
    message = refusal(db_at(folder / "app.db"), UnsupportedDatabase)
    assert f"the SQLite file {folder}/app.db cannot be written" in message
    assert "read-only for this user" in message


def test_a_file_that_is_no_database_is_refused_and_not_touched(db_at: MakeDb, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes, not a database" * 100)
    assert "file is not a database" in refusal(db_at(path), UnsupportedDatabase)
    assert path.read_text().startswith("these are my notes")


def test_another_kind_of_database_is_refused_without_its_password() -> None:
    from kailash_testkit.databases import open_database

    with pytest.raises(UnsupportedDatabase) as caught:
        open_database("oracle://ada:secret@host/db")
    assert "oracle://ada:***@host/db" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("thing", [None, "sqlite:////tmp/x.db", object(), DataFlow])
def test_what_is_no_dataflow_is_refused_when_the_kit_is_made(thing: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)Kit\(\) takes a DataFlow instance, got .*Kit\(db\)"):
        Kit(thing)


# --- several instances ---------------------------------------------------------------------------


@pytest.fixture
def two(new_db: Any) -> tuple[Any, Any, type, type]:
    """Two instances, each with a model named Note of its own."""
    one, other = new_db("one"), new_db("other")
    return one, other, register(one, "Note", id=int, text=str), register(other, "Note", id=int, title=str)


async def test_models_of_the_same_name_go_to_their_own_instances(two: Any) -> None:
    one, other, _, _ = two
    async with Kit(one) as first, Kit(other) as second:
        await first.create("Note", text="a")
        await first.create("Note", text="b")
        await second.create("Note", title="c")
        assert [row.text for row in await first.rows("Note")] == ["a", "b"]
        assert [row.title for row in await second.rows("Note")] == ["c"]
        with pytest.raises(UnknownField, match="Note has no field 'title'"):
            await first.create("Note", title="x")


async def test_factories_find_the_instance_that_registered_their_class(two: Any) -> None:
    one, other, note_of_one, note_of_other = two
    async with Kit(one) as first, Kit(other) as second:
        await Factory(note_of_one).create(text="a")
        await Factory(note_of_other).create(title="b")
        await Factory("Note", dataflow=one).create(text="c")
        await Factory("Note").create(title="of the kit that was opened last")
        assert await first.count("Note") == 2
        assert await second.count("Note") == 2
    async with Kit(other), Kit(one):
        assert await Factory(note_of_other).count() == 2
        assert await Factory("Note").count(text="a") == 1


async def test_a_kits_own_factory_stays_with_it(two: Any) -> None:
    one, other, _, _ = two
    async with Kit(one) as first:
        notes = first.factory("Note")
        async with Kit(other):
            await notes.create(text="a")
        assert await first.count("Note") == 1


async def test_two_instances_on_one_file_share_the_database_and_its_reset(db_at: MakeDb, tmp_path: Path) -> None:
    one, other = db_at(tmp_path / "shared.db"), db_at(tmp_path / "shared.db")
    register(one, "Note", id=int, text=str)
    register(other, "Tag", id=int, name=str)
    async with Kit(one) as first:
        async with Kit(other) as second:
            await first.create("Note")
            await second.create("Tag")
        await first.create("Note")
        await first.reset()
        assert await first.count("Note") == 0
        assert first.database.count("tags") == 0


async def test_a_model_of_another_instance_is_unknown(two: Any, new_db: Any) -> None:
    one, _, _, _ = two
    only_there = register(new_db("third"), "Elsewhere", id=int)
    async with Kit(one) as kit:
        with pytest.raises(UnknownModel, match="no model 'Elsewhere' is registered"):
            await kit.create(only_there)


# --- no kit --------------------------------------------------------------------------------------


@pytest.fixture
def no_kits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As outside pytest: no kit is open, and no plugin opens one."""
    monkeypatch.setattr(open_kits, "_open", [])
    monkeypatch.setattr(open_kits, "_providers", [])


@pytest.mark.parametrize(
    "use",
    [
        lambda factory: factory.build(),
        lambda factory: factory.create_sync(),
        lambda factory: factory.count_sync(),
        lambda factory: factory.payload(),
    ],
)
def test_a_factory_without_a_kit_says_what_is_missing(no_kits: None, use: Callable[[Factory], Any]) -> None:
    with pytest.raises(NoActiveKit) as caught:
        use(Factory("Note"))
    message = str(caught.value)
    assert "a factory for Note was called, and no kit is active" in message
    assert "testkit_dataflow" in message
    assert "async with Kit(db)" in message


async def test_after_its_block_a_kit_is_no_longer_active(no_kits: None, note_db: Any) -> None:
    note = note_db.get_models()["Note"]
    async with Kit(note_db):
        await Factory(note).create()
    for factory in (Factory(note), Factory("Note"), Factory("Note", dataflow=note_db)):
        with pytest.raises(NoActiveKit):
            await factory.create()


async def test_a_kit_that_was_opened_without_a_block_works_too(no_kits: None, note_db: Any) -> None:
    kit = Kit(note_db).open()
    try:
        await kit.create("Note")
    finally:
        await kit.store.workflows.close()
        kit.close()


# --- nothing left behind -------------------------------------------------------------------------


def open_files(path: Path) -> list[str]:
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    return [os.readlink(link) for link in links if os.path.exists(link) and str(path) in os.readlink(link)]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
async def test_a_kit_leaves_no_connection_thread_or_task(tmp_path: Path, note_db: Any) -> None:
    for _ in range(2):  # what Kailash makes once per process, and what SQLite keeps of a look at a marked file
        async with Kit(note_db) as kit:
            await kit.create("Note")
    # DataFlow itself keeps connections open, from making the tables: they must not become more.
    threads, tasks, files = set(threading.enumerate()), asyncio.all_tasks(), open_files(tmp_path)
    for _ in range(3):
        async with Kit(note_db) as kit:
            await asyncio.gather(*(kit.create("Note") for _ in range(5)))
    gc.collect()
    assert len(open_files(tmp_path)) <= len(files)
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
    assert asyncio.all_tasks() <= tasks


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_a_refused_database_is_not_kept_open(db_at: MakeDb, tmp_path: Path) -> None:
    path = database_file(tmp_path / "app.db", "CREATE TABLE customers (id INTEGER)")
    refusal(db_at(path), UnsafeDatabase)
    assert open_files(tmp_path) == []


async def test_the_file_can_be_removed_and_made_again(db_at: MakeDb, tmp_path: Path) -> None:
    for _ in range(2):
        folder = tmp_path / "run"
        folder.mkdir()
        db = db_at(folder / "a.db")
        register(db, "Note", id=int, text=str)
        async with Kit(db) as kit:
            assert (await kit.create("Note")).id == 1
        shutil.rmtree(folder)


def test_nothing_is_made_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note_db: Any
) -> None:
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with Kit(note_db) as kit:
        kit.create_sync("Note")
    assert files_in(folder) == set()


@pytest.mark.databases("mysql")
def test_the_model_whose_table_cannot_be_made_is_named(new_db: Callable[..., Any]) -> None:
    db = new_db()
    register(db, "Note", id=int, tags=(list, []))
    with pytest.raises(ConfigurationError, match=r"table Note: .*JSON") as caught:
        Kit(db).open()
    assert "take no list or dict as a default" in str(caught.value)
