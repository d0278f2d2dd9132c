"""What a query of a test becomes for a driver, and what is refused before a database sees it."""

from __future__ import annotations

import pytest

from kailash_testkit.databases.queries import Query, Style
from kailash_testkit.errors import SqlFailed

OF_SQLITE = Style(":{}")
OF_PERCENT = Style("%({})s")
OF_MYSQL = Style("%({})s", escapes=True)


@pytest.mark.parametrize(
    ("text", "style", "statement"),
    [
        ("SELECT :n", OF_SQLITE, "SELECT :n"),
        ("SELECT :n, :n", OF_PERCENT, "SELECT %(n)s, %(n)s"),
        ("SELECT :n::text, 5 % 2", OF_PERCENT, "SELECT %(n)s::text, 5 %% 2"),
        ("SELECT ':n', '100%', 'it''s :n' || :n", OF_PERCENT, "SELECT ':n', '100%%', 'it''s :n' || %(n)s"),
        (r"SELECT '\', :n", OF_PERCENT, r"SELECT '\', %(n)s"),
        (r"SELECT '\':n', :n", OF_MYSQL, r"SELECT '\':n', %(n)s"),
        ('SELECT ":n" FROM t WHERE a = :n', OF_PERCENT, 'SELECT ":n" FROM t WHERE a = %(n)s'),
        ("SELECT :n -- :m; it's\n", OF_PERCENT, "SELECT %(n)s -- :m; it's\n"),
        ("SELECT :n # :m; it's\n", OF_MYSQL, "SELECT %(n)s # :m; it's\n"),
        ("SELECT /* :m; */ :n", OF_PERCENT, "SELECT /* :m; */ %(n)s"),
        ("SELECT $$:m; it's$$, $a$ $$ $a$, :n", OF_PERCENT, "SELECT $$:m; it's$$, $a$ $$ $a$, %(n)s"),
        ("SELECT `a:m`, :n ; -- done\n ", OF_MYSQL, "SELECT `a:m`, %(n)s ; -- done\n "),
    ],
)
def test_parameters_are_told_from_texts_names_and_comments(text: str, style: Style, statement: str) -> None:
    assert Query(text, {"n": 1}).bound(style) == (statement, {"n": 1})


def test_percent_signs_stay_where_the_driver_binds_nothing() -> None:
    assert Query("SELECT '100%'", {}).bound(OF_PERCENT) == ("SELECT '100%'", {})


def test_a_list_is_spread() -> None:
    statement, values = Query("SELECT 1 WHERE 1 IN :ids", {"ids": [1, 2]}).bound(OF_PERCENT)
    assert statement == "SELECT 1 WHERE 1 IN (%(ids__0)s, %(ids__1)s)"
    assert values == {"ids__0": 1, "ids__1": 2}


@pytest.mark.parametrize(
    ("text", "parameters", "words"),
    [
        ("SELECT 1; SELECT 2", {}, "more than one statement"),
        ("SELECT 1;;COMMIT", {}, "more than one statement"),
        ("SELECT ';' ; DELETE FROM orders", {}, "more than one statement"),
        ("SELECT :least", {}, r"(?s)no value for :least.*kit.sql\(..., least=...\)"),
        ("SELECT :least", {"least": 1, "leats": 1}, "no :leats: did you mean 'least'"),
        ("SELECT ':least'", {"least": 1}, r"(?s)no :least.*outside of quotes"),
        ("SELECT 1 WHERE 1 IN :ids", {"ids": []}, "the list for :ids is empty"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, parameters: dict[str, object], words: str) -> None:
    with pytest.raises(SqlFailed, match=words):
        Query(text, parameters).bound(OF_PERCENT)
