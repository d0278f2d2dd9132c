"""Whatever databases others have on a MariaDB or MySQL server, by name, marker and content: a run changes none."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mysql_server import MysqlServer, literal
from soak import examples

from kailash_testkit.databases.mysql.connection import quoted
from kailash_testkit.databases.mysql.marker import TABLE, Marker

pytestmark = pytest.mark.slow

RUN = "kt0a1b2c3d4e"
STEMS = ["shop", "a", "b" * 30, "b" * 31, "odd \"na'me%", "kase`x", "käse", "_", "-"]
ENDINGS = ["", f"_{RUN}", f"_{RUN}_gw1", f"_{RUN}_", f"_{RUN.upper()}", "_kt2024010112", f"_{RUN}0", f"_{RUN}_gw1_copy"]
COMMENTS = ["", "made by kailash-testkit", f"made by kailash-testkit, run {RUN}"]
CONTENTS = [
    None,
    "CREATE TABLE {}.orders AS SELECT 1 AS id",
    "CREATE VIEW {}.seen AS SELECT 1",
    "CREATE FUNCTION {}.pay() RETURNS INT RETURN 42",
    "CREATE PROCEDURE {}.pay() SELECT 42",
    "CREATE EVENT {}.nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "CREATE SEQUENCE {}.numbers",
    "CREATE TABLE {}.dataflow_testkit_marker (one INT PRIMARY KEY, identity TEXT, made_by TEXT, made_at TIMESTAMP)",
]
TABLES = [
    None,
    "(one INT PRIMARY KEY, marker TEXT NOT NULL)",
    "(one INT, marker TEXT) ENGINE = MyISAM",
    "(marker BLOB)",
    "(reason VARCHAR(255))",
]
AT_ONCE = 10
#: What is changed in a marker that is right for another database; nothing: it is copied as it is.
changes = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("NAME"),
        "created": st.sampled_from([0, None, -1, True, 1.5]),
        "run": st.sampled_from([RUN, "kt2024010112", None]),
        "server": st.sampled_from(["", "elsewhere", 1]),
        "user": st.sampled_from(["", "root@localhost", None]),
        "kept": st.sampled_from(["", "test_it", 0]),
        "more": st.just(1),
    },
)


@dataclass(frozen=True)
class Stranger:
    """A database of somebody. marker: the text, what is changed in a right one, or None; count: its rows."""

    name: str
    marker: dict[str, object] | str | None
    table: str | None
    comment: str
    content: str | None
    count: int

    def statements(self, original: dict[str, object]) -> list[str]:
        """What makes it. original: a right marker."""
        name, marker = quoted(self.name), self.marker
        if isinstance(marker, dict):
            changed = {key: self.name if value == "NAME" else value for key, value in marker.items()}
            marker = json.dumps({**original, **changed})
        made = [f"CREATE DATABASE {name} COMMENT '{self.comment}'"]
        if self.table is not None:
            made.append(f"CREATE TABLE {name}.{TABLE} {self.table}")
            if marker is not None and "marker" in self.table:
                for number in range(self.count):
                    values = f"({number}, {literal(marker)})" if "one" in self.table else f"({literal(marker)})"
                    made.append(f"INSERT INTO {name}.{TABLE} VALUES {values}")
        return made + ([] if self.content is None else [self.content.format(name)])


strangers = st.builds(
    Stranger,
    name=st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(ENDINGS)).filter(lambda name: len(name) < 60),
    marker=st.one_of(st.none(), changes, st.text(max_size=20), st.sampled_from(["null", "[", "{}", "[]" * 4000])),
    table=st.sampled_from(TABLES),
    comment=st.sampled_from(COMMENTS),
    content=st.sampled_from(CONTENTS),
    count=st.sampled_from([0, 1, 1, 1, 2]),
)


@pytest.fixture(scope="module")
def copied() -> dict[str, object]:
    """Holds the marker of a database that the kit made, and that is gone, once a test has asked for it."""
    return {}


def marker_of_a_run(own: MysqlServer, copied: dict[str, object]) -> dict[str, object]:
    if not copied:
        server = own.given.run()
        name = server.name("made", None)
        server.create(name)
        copied.update(json.loads(own.marker(name)))
        server.close()
    return copied


@given(st.lists(strangers, min_size=AT_ONCE, max_size=AT_ONCE, unique_by=lambda each: each.name.casefold()))
@examples(3)
def test_a_run_changes_no_database_that_the_kit_did_not_make(
    own: MysqlServer, copied: dict[str, object], others: list[Stranger]
) -> None:
    """Each example has several databases on the server at once."""
    original = marker_of_a_run(own, copied)
    try:
        own.sql(*[statement for other in others for statement in other.statements(original)])
        before = own.everything()
        assert before.keys() == {other.name for other in others}
        own.run_beside()
        with own.given.connected() as connection:
            assert not any(found.is_orphan or found.refused is None for found in connection.found())
        assert own.everything() == before
    finally:
        own.drop(*[other.name for other in others])


@given(st.one_of(st.text(), st.dictionaries(st.text(), st.none()).map(json.dumps)))
@examples(100)
def test_no_other_text_is_a_marker(text: str) -> None:
    assert Marker.of(text) is None
