"""Statements without their values, and which values make a statement another one."""

from __future__ import annotations

import pytest

from kailash_testkit.queries.plans import compared_columns
from kailash_testkit.queries.shapes import shape_of


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ('SELECT * FROM "orders"\n WHERE "a" = :p0', 'SELECT * FROM "orders" WHERE "a" = ?'),
        ("SELECT * FROM orders WHERE a = $1::integer", "SELECT * FROM orders WHERE a = ?"),
        ("SELECT * FROM orders WHERE a = %s AND b = %(b)s", "SELECT * FROM orders WHERE a = ? AND b = ?"),
        ("SELECT 'it''s', 12, -3.5e2, name1 FROM t2", "SELECT ?, ?, ?, name1 FROM t2"),
        ("SELECT a FROM b WHERE c IN (?, ?, ?)", "SELECT a FROM b WHERE c IN (...)"),
        ("SELECT a FROM b WHERE c IN (?)", "SELECT a FROM b WHERE c IN (...)"),
        ("INSERT INTO a (b, c) VALUES (?, ?), (?, ?), (?, ?)", "INSERT INTO a (b, c) VALUES (?, ?), ..."),
        ("INSERT INTO a (b) VALUES (:p0)", "INSERT INTO a (b) VALUES (?)"),
        ("SELECT 1 -- for Ada\n/* and\nGrace */ FROM a", "SELECT ? FROM a"),
        ("SELECT E'a\\'b' || $tag$ secret ' $tag$", "SELECT ? || ?"),
        ("SELECT 'never closed, secret", "SELECT ?"),
    ],
)
def test_a_statement_is_shown_without_values(statement: str, text: str) -> None:
    assert shape_of(statement).text == text


def test_on_mysql_double_quotes_are_of_texts() -> None:
    assert shape_of('SELECT "se\\"cret" FROM `a` # note\n', is_mysql=True).text == "SELECT ? FROM `a`"
    assert shape_of('SELECT "name" FROM "a"').text == 'SELECT "name" FROM "a"'


def test_the_table_and_what_is_done_to_it() -> None:
    for statement, verb, table in (
        ('select * from "public"."orders" where a = 1', "SELECT", "orders"),
        ("INSERT INTO `orders` (a) VALUES (1)", "INSERT", "orders"),
        ("UPDATE orders SET a = 1", "UPDATE", "orders"),
        ("DELETE FROM orders", "DELETE", "orders"),
        ("SELECT 1", "SELECT", None),
    ):
        assert (shape_of(statement).verb, shape_of(statement).table) == (verb, table)


def identity(statement: str, values: object = None) -> int:
    return shape_of(statement).identity(values)


def test_other_values_are_another_statement_and_other_pages_are_not() -> None:
    by_name = "SELECT * FROM a WHERE b = :b ORDER BY id DESC LIMIT :n OFFSET :m"
    assert identity(by_name, {"b": 1, "n": 10, "m": 0}) == identity(by_name, {"b": 1, "n": 5, "m": 10})
    assert identity(by_name, {"b": 1, "n": 10, "m": 0}) != identity(by_name, {"b": 2, "n": 10, "m": 0})
    by_number = "SELECT * FROM a WHERE b = $2 LIMIT $1"
    assert identity(by_number, (5, "x")) == identity(by_number, (6, "x"))
    assert identity(by_number, (5, "x")) != identity(by_number, (5, "y"))
    in_order = "SELECT * FROM a WHERE b = %s LIMIT %s"
    assert identity(in_order, ("x", 5)) == identity(in_order, ("x", 6))
    assert identity(in_order, ("x", 5)) != identity(in_order, ("y", 5))


def test_the_last_id_of_a_page_only_chooses_a_page() -> None:
    after = 'SELECT * FROM "a" WHERE "id" > :last AND "b" = :b ORDER BY "id" ASC LIMIT :n'
    assert identity(after, {"last": 1, "b": 1, "n": 9}) == identity(after, {"last": 2, "b": 1, "n": 9})
    assert identity(after, {"last": 1, "b": 1, "n": 9}) != identity(after, {"last": 1, "b": 2, "n": 9})
    other = 'SELECT * FROM "a" WHERE "total" > :last ORDER BY "id" ASC LIMIT :n'
    assert identity(other, {"last": 1, "n": 9}) != identity(other, {"last": 2, "n": 9})


def test_values_that_are_written_into_it_count_too() -> None:
    assert identity("SELECT * FROM a WHERE b = 'x'") != identity("SELECT * FROM a WHERE b = 'y'")
    assert identity("SELECT * FROM a LIMIT 5") == identity("SELECT * FROM a LIMIT 6")
    assert identity("SELECT * FROM a WHERE b = :b", {"b": ["x"]}) != identity("SELECT * FROM a WHERE b = :b", {"b": []})


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ('"a" = ? AND "b" > ?', {"a", "b"}),
        ('"deleted_at" IS NULL', set()),
        ('"a" IN (...) OR t."b" LIKE ?', {"a", "b"}),
        ("lower(email) = ?", {"email"}),
        ('"a" = ? ORDER BY "c" DESC LIMIT ?', {"a"}),
    ],
)
def test_the_columns_that_are_compared(condition: str, columns: set[str]) -> None:
    assert compared_columns(f"SELECT * FROM t WHERE {condition}") == columns
    assert compared_columns("SELECT * FROM t") == frozenset()
