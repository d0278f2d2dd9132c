"""A kit on models whose rows belong to each other, on each kind of database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from database_kinds import Kind, Sql
from related_models import Graph, register_graph
from sample_app import in_this_loop, make_db

from kailash_testkit.kit import Kit


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Kit]]:
    """One kit for each kind of database; the tests leave it without rows."""
    kits: dict[str, Kit] = {}
    with contextlib.ExitStack() as stack:

        def on(kind: Kind) -> Kit:
            if kind.name not in kits:
                url = kind.new_url(tmp_path_factory.mktemp("graph"), "graph")
                stack.callback(kind.drop, url)
                db: Any = make_db(url, **kind.options)
                stack.callback(db.close)
                register_graph(db, json_defaults=kind.json_defaults)
                kits[kind.name] = Kit(db).open()
                stack.callback(kits[kind.name].close)
            return kits[kind.name]

        yield on


@pytest.fixture
async def graph_kit(graphs: Callable[[Kind], Kit], database_kind: Kind) -> AsyncIterator[Kit]:
    async with in_this_loop(graphs(database_kind)) as kit:
        yield kit


@pytest.fixture
def graph(graph_kit: Kit) -> Graph:
    return Graph(graph_kit.dataflow)


@pytest.fixture
def graph_sql(graph_kit: Kit, database_kind: Kind) -> Sql:
    """Runs SQL behind DataFlow's back."""
    return database_kind.sql(graph_kit.database.url)


@pytest.fixture
def unique_gifts(graph_sql: Sql, database_kind: Kind) -> Iterator[None]:
    """No two orders may be a gift for the same one; nobody told DataFlow."""
    graph_sql("CREATE UNIQUE INDEX one_gift ON orders (gift_for)")
    yield
    graph_sql("DROP INDEX one_gift" + (" ON orders" if database_kind.name == "mysql" else ""))
