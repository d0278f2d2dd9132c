"""`Kit.sql`: the same query on every kind of database, which itself refuses what writes."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest
from database_kinds import Kind, Sql
from sample_app import Status

from kailash_testkit.errors import DatabaseBusy, SqlFailed
from kailash_testkit.kit import Kit


async def test_rows_by_column(shop_kit: Kit) -> None:
    for total in (1.0, 2.0, 4.0):
        await shop_kit.create("Order", customer_id="ada", total=total, note="100% :tea; it's")
    await shop_kit.create("Order", customer_id="eve", total=8.0, status="paid")
    query = """
        SELECT customer_id, count(*) AS n, max(note) AS note
        FROM orders -- not: these
        WHERE total > :least AND status = :status AND customer_id IN :customers
        GROUP BY customer_id
    """
    found = await shop_kit.sql(query, least=1.5, status=Status.OPEN, customers=["ada", "eve"])
    assert found == [{"customer_id": "ada", "n": 2, "note": "100% :tea; it's"}]
    assert await shop_kit.sql("SELECT id FROM orders WHERE note LIKE '100%' AND note = :note", note="") == []
    moment = datetime(2025, 1, 1)
    assert await shop_kit.sql("SELECT 1 AS one FROM orders WHERE created_at < :moment", moment=moment) == []


def test_for_synchronous_tests(sync_kit: Kit) -> None:
    assert sync_kit.sql_sync("SELECT count(*) AS n FROM orders;") == [{"n": 0}]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events (kind) VALUES (:kind)",
        "UPDATE orders SET note = :kind",
        "DELETE FROM orders WHERE note <> :kind",
        "CREATE TABLE made AS SELECT :kind AS kind",
        "DROP TABLE events",
    ],
)
async def test_the_database_refuses_to_write(shop_kit: Kit, sql: Sql, statement: str) -> None:
    await shop_kit.create("Order", note="a")
    given = {"kind": "x"} if ":kind" in statement else {}
    with pytest.raises(SqlFailed, match=r"(?s)only reads, and this statement writes.*the database refused it"):
        await shop_kit.sql(statement, **given)
    assert [row[0] for row in sql("SELECT note FROM orders")] == ["a"]
    assert sql("SELECT count(*) FROM events")[0][0] == 0


async def test_a_statement_without_rows_is_refused(shop_kit: Kit) -> None:
    with pytest.raises(SqlFailed, match="returns no rows"):
        await shop_kit.sql("BEGIN")


async def test_two_columns_of_one_name_are_refused(shop_kit: Kit) -> None:
    with pytest.raises(SqlFailed, match=r"(?s)two columns are named 'n'.*AS one"):
        await shop_kit.sql("SELECT 1 AS n, 2 AS n")


async def test_an_error_shows_the_query_without_secrets(shop_kit: Kit) -> None:
    with pytest.raises(SqlFailed) as caught:
        await shop_kit.sql("SELECT nmae FROM orders WHERE note = :api_key AND id > :least", api_key="s3cret-9", least=3)
    text = str(caught.value)
    assert "nmae" in text.splitlines()[0]
    assert "SELECT nmae FROM orders" in text
    assert "'least': 3" in text
    assert "s3cret-9" not in text


@pytest.mark.databases("mysql")
async def test_a_table_that_somebody_locked_is_waited_for_shortly(shop_kit: Kit, database_kind: Kind) -> None:
    with contextlib.closing(database_kind.connect(shop_kit.database.url)) as other:
        database_kind.rows(other, "LOCK TABLES orders WRITE")
        with pytest.raises(DatabaseBusy, match="locked by an open transaction"):
            await shop_kit.sql("SELECT id FROM orders")
        database_kind.rows(other, "UNLOCK TABLES")
    assert await shop_kit.sql("SELECT id FROM orders") == []
