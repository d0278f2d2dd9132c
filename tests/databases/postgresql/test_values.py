"""On PostgreSQL values of every kind come back to the last bit, and `changes` shows them as the driver does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from journal_bench import Bench

from kailash_testkit.databases.postgresql.journal.history import ExactChange

KINDS = """
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE TYPE point3 AS (x float8, y text, z int[]);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE TABLE thing (id int PRIMARY KEY, v {type});
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["''", "'NULL'", "NULL", "' a '", "E'a\\n\\tb\\\\ \"c\" (d,e)'", "'\N{SNAKE}'", "'a,b'"]),
        ("char(5)", ["'a'", "''"]),
        ("bytea", [r"'\x00ff5c22'", "''"]),
        ("json", ["""'{"b":  1.00, "a": [1,2 ], "b": null}'""", "'\"x\"'"]),
        ("jsonb", ["""'{"b": 1.00, "a": "\\u00fc"}'""", "'[]'"]),
        ("float8", ["0.1::float8 + 0.2::float8", "'-0'", "'NaN'", "'Infinity'", "5e-324", "1.7976931348623157e308"]),
        ("float4", ["1.1", "16777217"]),
        ("numeric", ["1.0", "1.00", "1e-30", "'NaN'", "12345678901234567890.123456789"]),
        ("timestamptz", ["'2024-02-29 12:34:56.789012+05:30'", "'infinity'", "'0044-03-15 BC'", "'1880-01-01'"]),
        ("timestamp", ["'9999-12-31 23:59:59.999999'", "'-infinity'", "'20000-01-01'"]),
        ("date", ["'0001-01-01 BC'", "'2024-02-29'"]),
        ("timetz", ["'23:59:60+02'"]),
        ("interval", ["'1 year -2 days +03:04:05.678'", "'-1 mon'"]),
        ("uuid", ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
        ("int[]", ["'{}'", "'{1,NULL,3}'", "'[0:1]={7,8}'", "'{{1,2},{3,4}}'"]),
        ("text[]", ["""ARRAY['a,b', 'c"d', '', 'NULL', E'\\\\', NULL]"""]),
        ("mood[]", ["""ARRAY['it''s "ok"']::mood[]"""]),
        ("point3", ["ROW(0.1, 'a \"b\" ,', '{1,2}')", "ROW(NULL, NULL, NULL)", "ROW(NULL, '', '{}')"]),
        ("positive", ["1.50"]),
        ("inet", ["'10.0.0.1/8'"]),
        ("int4range", ["'[1,5)'", "'empty'"]),
        ("tsvector", ["'a b'"]),
        ("bit varying", ["B'0101'", "B''"]),
        ("money", ["12.34"]),
        ("bool", ["true", "NULL"]),
    ],
)
def test_values(bench: Bench, kind: str, values: list[str]) -> None:
    bench.start(KINDS.format(type=kind))
    rows = ", ".join(f"({number}, {value}::{kind})" for number, value in enumerate(values))
    assert bench.undone(f"INSERT INTO thing VALUES {rows}") == "journal"
    bench.run(f"INSERT INTO thing VALUES {rows}")
    assert bench.undone("UPDATE thing SET v = NULL", "DELETE FROM thing WHERE id = 0") == "journal"
    assert bench.undone("TRUNCATE thing", f"INSERT INTO thing VALUES (0, {values[-1]}::{kind})") in (
        "journal",
        "nothing",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    ["DateStyle = 'SQL, DMY'", "IntervalStyle = iso_8601", "TimeZone = 'Asia/Kolkata'", "extra_float_digits = -15",
     "bytea_output = escape", "lc_monetary = 'C'", "search_path = ''", "session_replication_role = origin"],
)  # fmt: skip
def test_settings_of_the_application_do_not_matter(bench: Bench, setting: str) -> None:
    bench.start("CREATE TABLE thing (a timestamptz, b interval, c float8, d bytea, e date)")
    if "replication" not in setting:
        bench.run(f"SET {setting}")
    row = r"INSERT INTO public.thing VALUES ('2024-02-03 04:05:06+01', '1 mon -2 days', 1/3.0, '\x00ff', '2024-02-03')"
    bench.run(row)
    assert bench.undone("DELETE FROM public.thing") == "journal"
    assert bench.undone(row, "UPDATE public.thing SET c = c + 1", "TRUNCATE public.thing") == "journal"


@pytest.mark.parametrize(
    ("column", "value", "setting"),
    [
        ("timestamptz", "'2024-02-03 04:05:06+01'", "TimeZone = 'Asia/Kolkata'"),
        ("date[]", "'{2024-02-03}'", "DateStyle = 'SQL, DMY'"),
        ("float8", "1/3.0", "extra_float_digits = -15"),
        ("point", "point(1/3.0, 0)", "extra_float_digits = -15"),
        ("interval", "'1 mon -2 days'", "IntervalStyle = sql_standard"),
        ("text", "'a'", "bytea_output = escape"),
    ],
)
def test_a_table_asks_for_the_settings_that_its_columns_follow(
    bench: Bench, column: str, value: str, setting: str
) -> None:
    bench.start(f"CREATE TABLE thing (id int PRIMARY KEY, v {column}); INSERT INTO thing VALUES (1, {value})")
    exactly = bench.changes_of(f"INSERT INTO thing VALUES (2, {value})")
    bench.run("DELETE FROM thing WHERE id = 2")
    other = bench.connect()
    bench.run(f"SET {setting}", on=other)
    mark = bench.journal.mark()
    bench.run(f"INSERT INTO thing VALUES (2, {value})", on=other)
    bench.run("DELETE FROM thing WHERE id = 1", on=other)
    assert isinstance(exact := exactly[0], ExactChange)
    assert [each.new for each in bench.journal.changes(mark) if isinstance(each, ExactChange)] == [exact.new, None]
    assert bench.journal.undo(mark).method == "journal"
    assert bench.run("SELECT id FROM thing") == [(1,)]


def test_changes_show_what_the_driver_gives(bench: Bench) -> None:
    columns = "id int PRIMARY KEY, t text, n numeric, f float8, w timestamptz, d date, b bytea, j json, a int[], o bool"
    bench.start(f"CREATE DOMAIN short AS text; CREATE TABLE thing ({columns}, s short, u uuid)")
    mark = bench.journal.mark()
    bench.run(
        """INSERT INTO thing VALUES (1, 'a "b", \\ c', 1.50, 0.1, '2024-02-03 04:05+00', '2024-02-03', '\\x00ff',"""
        """ '{"k": [1.5]}', '{1,2}', true, '', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'); INSERT INTO thing VALUES (2)"""
    )
    first, second = bench.journal.changes(mark)
    expected: dict[str, Any] = {
        "id": 1,
        "t": 'a "b", \\ c',
        "n": Decimal("1.50"),
        "f": 0.1,
        "w": datetime(2024, 2, 3, 4, 5, tzinfo=UTC),
        "d": date(2024, 2, 3),
        "b": b"\x00\xff",
        "j": {"k": [1.5]},
        "a": [1, 2],
        "o": True,
        "s": "",
        "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    }
    assert first.after == expected
    assert second.after == {**dict.fromkeys(expected), "id": 2}
    assert (first.kind, first.table, first.key, first.before) == ("insert", "thing", (1,), None)


def test_a_value_that_python_does_not_have_is_shown_as_text(bench: Bench) -> None:
    bench.start("CREATE TABLE thing (id int PRIMARY KEY, at timestamptz)")
    mark = bench.journal.mark()
    bench.run("INSERT INTO thing VALUES (1, '0044-03-15 12:00+00 BC')")
    (change,) = bench.journal.changes(mark)
    assert change.after == {"id": 1, "at": "0044-03-15 12:00:00+00 BC"}
