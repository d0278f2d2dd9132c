"""A kit on models whose rows belong to each other."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from related_models import Graph, register_graph
from sample_app import in_this_loop, make_db

from kailash_testkit.databases.sqlite import file_of
from kailash_testkit.kit import Kit

Sql = Callable[..., list[Any]]


@pytest.fixture(scope="session")
def open_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """One kit for all tests, which leave it without rows."""
    db = make_db(tmp_path_factory.mktemp("graph") / "graph.db")
    register_graph(db)
    kit = Kit(db).open()
    yield kit
    kit.close()
    db.close()


@pytest.fixture
async def graph_kit(open_graph: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_graph) as kit:
        yield kit


@pytest.fixture
def graph(graph_kit: Kit) -> Graph:
    return Graph(graph_kit.dataflow)


@pytest.fixture
def graph_sql(open_graph: Kit) -> Sql:
    """Runs SQL behind DataFlow's back."""
    path: Path = file_of(open_graph.database.url)

    def run(statement: str, *parameters: object) -> list[Any]:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            return connection.execute(statement, parameters).fetchall()
        finally:
            connection.close()

    return run
