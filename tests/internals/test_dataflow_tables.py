"""Which tables are DataFlow's own, and what becomes of models whose tables are named alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from database_kinds import Kind, Sql
from dataflow import DataFlow

from kailash_testkit import Kit
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import dataflow_tables
from kailash_testkit.internals.dataflow_tables import own_tables, stated_tables

KNOWN = {
    *("dataflow_migration_history", "dataflow_migration_lock", "dataflow_migration_locks"),
    *("dataflow_migration_queue", "dataflow_migrations", "dataflow_model_registry"),
}


def test_they_are_those_that_the_installed_dataflow_states() -> None:
    assert stated_tables() == KNOWN == own_tables()


def test_no_other_module_of_dataflow_makes_one() -> None:
    package = find_spec("dataflow")
    assert package is not None
    assert package.submodule_search_locations is not None
    statement = re.compile(r"CREATE TABLE[^(]{0,40}?\b(_?dataflow_\w+)", re.IGNORECASE)
    sources = (path for root in package.submodule_search_locations for path in Path(root).rglob("*.py"))
    assert {name for source in sources for name in statement.findall(source.read_text())} == KNOWN


def test_they_are_known_without_the_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dataflow_tables, "_STATED_IN", ("nowhere",))
    own_tables.cache_clear()
    try:
        assert stated_tables() == frozenset()
        assert own_tables() == KNOWN
    finally:
        own_tables.cache_clear()


@pytest.fixture
def db(database_kind: Kind, tmp_path: Path) -> Iterator[Any]:
    url = database_kind.new_url(tmp_path, "jobs")
    db = DataFlow(url, cache_enabled=False, **database_kind.options)
    yield db
    db.close()
    database_kind.drop(url)


@pytest.mark.databases("sqlite")
async def test_a_model_named_alike_is_isolated_recorded_and_counted(db: Any, database_kind: Kind) -> None:
    @db.model
    class DataflowJob:
        name: str

    sql: Sql = database_kind.sql(db.config.database.url)
    async with Kit(db) as kit:
        assert "dataflow_jobs" in kit.database.tables()
        with kit.changes() as changes:
            await db.express.create("DataflowJob", {"name": "seen"})
        assert [change.after["name"] for change in changes.created("DataflowJob")] == ["seen"]
        assert await kit.count("DataflowJob") == 1
        await kit.reset()
        assert sql("SELECT count(*) FROM dataflow_jobs") == [(0,)]
        first = await kit.create("DataflowJob", name="numbered again")
        assert first.id == 1


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("late", [False, True])
async def test_a_model_in_a_table_of_dataflow_is_refused(db: Any, late: bool) -> None:
    @db.model
    class Note:
        text: str

    def register() -> None:
        @db.model
        class DataflowMigration:
            name: str

    reason = r"(?s)DataflowMigration is stored in dataflow_migrations, a table that DataFlow keeps.*__tablename__"
    if late:
        async with Kit(db) as kit:
            register()
            with pytest.raises(ConfigurationError, match=reason):
                await kit.create("DataflowMigration", name="x")
            await kit.create("Note", text="the others still work")
    else:
        register()
        with pytest.raises(ConfigurationError, match=reason):
            Kit(db).open()
