"""Words for messages: nearest names, no terminal codes, no passwords, nothing that fills the screen."""

from __future__ import annotations

import pytest

from kailash_testkit.redaction import redact
from kailash_testkit.text import closest_match, comma_join, differing, truncate_repr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sttaus", "status"), ("STATUS", "status"), ("totl", "total"), ("customerid", "customer_id"), ("zzz", None)],
)
def test_nearest(typed: str, meant: str | None) -> None:
    assert closest_match(typed, ["status", "total", "customer_id"]) == meant


def test_nearest_of_nothing() -> None:
    assert closest_match("a", []) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[91m\x1b[1mno\x1b[0m way\n", "no way"),
        ("postgresql://ada:secret@host:5432/db", "postgresql://ada:***@host:5432/db"),
        ("postgresql://ada:se@cr@et@host/db", "postgresql://ada:***@host/db"),
        ("mysql+aiomysql://ada:se/cret@host/db failed", "mysql+aiomysql://ada:***@host/db failed"),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        (
            "from postgresql://a:secret@h/d to mysql://b:secret@h/d",
            "from postgresql://a:***@h/d to mysql://b:***@h/d",
        ),
        ("postgresql://host/db?user=ada&password=secret&x=1", "postgresql://host/db?user=ada&password=***&x=1"),
        ("host=h password=secret dbname=d", "host=h password=*** dbname=d"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("postgresql://ada@host/db", "postgresql://ada@host/db"),
        ("http://localhost:8000/orders mail ada@example.com", "http://localhost:8000/orders mail ada@example.com"),
    ],
)
def test_plain_has_no_colours_and_no_passwords(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert "secret" not in redact(text)


def test_long_values_are_cut_and_say_how_long_they_are() -> None:
    assert truncate_repr("short") == "'short'"
    cut = truncate_repr("x" * 1000)
    assert len(cut) < 150
    assert cut.endswith("... (1002 characters)")


def test_a_value_of_several_lines_stays_in_one() -> None:
    assert "\n" not in truncate_repr("a\nb")


def test_long_texts_are_shown_where_they_differ() -> None:
    requested, stored = differing("a" * 300 + "b" * 300, "a" * 300 + "c" * 300)
    assert requested.startswith("...'" + "a" * 20 + "b")
    assert stored.startswith("...'" + "a" * 20 + "c")
    assert requested.endswith("'... (600 characters)")


def test_a_text_that_was_cut_off_shows_its_end() -> None:
    requested, stored = differing("a" * 300, "a" * 255)
    assert stored == "...'" + "a" * 20 + "' (255 characters)"
    assert requested == "...'" + "a" * 65 + "' (300 characters)"


def test_short_or_other_values_are_shown_whole() -> None:
    assert differing("a", "b") == ("'a'", "'b'")
    assert differing(b"a", "b'a'") == ("b'a'", "\"b'a'\"")


def test_listed() -> None:
    assert comma_join(["a", "b"]) == "a, b"
    assert comma_join([]) == "none"
