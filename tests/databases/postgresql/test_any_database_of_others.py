"""Whatever databases others have on a server, by name, comment, copied marker and content: a run changes none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from database_servers import POSTGRESQL, required
from hypothesis import given
from hypothesis import strategies as st
from postgresql_role import Role, new_role
from soak import examples

from kailash_testkit.databases.postgresql.connection import literal, quoted

pytestmark = pytest.mark.slow

BEGIN = "made by kailash-testkit"
RUN = "kt0a1b2c3d4e"
STEMS = ["shop", "a", "b" * 30, "b" * 31, "odd \"na'me%", "käse", "_"]
ENDINGS = ["", f"_{RUN}", f"_{RUN}_gw1", f"_{RUN}_", f"_{RUN.upper()}", "_kt2024010112", f"_{RUN}0", f"_{RUN}\n"]
CONTENTS = [
    None,
    "CREATE TABLE orders AS SELECT 1 AS id",
    "CREATE FUNCTION pay() RETURNS int LANGUAGE sql AS 'SELECT 42'",
    "SELECT lo_from_bytea(0, 'precious')",
    "CREATE SCHEMA dataflow_testkit CREATE TABLE marker (identity text, made_by text, made_at timestamptz)",
]
names = st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(ENDINGS)).filter(lambda name: len(name) < 60)
plain_comments = st.one_of(
    st.none(),
    st.sampled_from([BEGIN, f"{BEGIN}, kept: test_it", f"{BEGIN}: {{}}", f"{BEGIN}: null", f"{BEGIN}: [", "ours"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40).map(BEGIN.__add__),
)
#: What is changed in a marker that is right for another database; nothing: it is copied as it is.
copied_markers = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("NAME"),
        "oid": st.sampled_from([0, None, "OID", -1, True]),
        "run": st.sampled_from([RUN, "kt2024010112", None]),
        "server": st.sampled_from(["", "7000000000000000000", 1]),
        "kept": st.sampled_from(["", "test_it", 0]),
        "more": st.just(1),
    },
)
comments = st.one_of(plain_comments, copied_markers)


@dataclass
class Strangers:
    """Somebody's databases, one of each content, that get other names and comments for each example.

    marker: of a database that the kit made, which is gone.
    """

    role: Role
    names: list[str]
    marker: dict[str, object]

    def become(self, number: int, name: str, comment: str | dict[str, object] | None) -> None:
        if isinstance(comment, dict):
            changes = {key: name if value == "NAME" else value for key, value in comment.items()}
            comment = f"{BEGIN}: {json.dumps({**self.marker, **changes})}"
        self.role.sql(
            *(
                []
                if name == self.names[number]
                else [f"ALTER DATABASE {quoted(self.names[number])} RENAME TO {quoted(name)}"]
            ),
            f"COMMENT ON DATABASE {quoted(name)} IS {'NULL' if comment is None else literal(comment)}",
        )
        self.names[number] = name


@pytest.fixture(scope="module")
def strangers() -> Iterator[Strangers]:
    required(POSTGRESQL)
    with new_role() as role:
        server = role.given.run()
        name = server.name("made", None)
        server.create(name)
        marker: dict[str, object] = json.loads((role.comment(name) or "").removeprefix(f"{BEGIN}: "))
        server.close()
        names = [f"{role.name}_{number}" for number in range(len(CONTENTS))]
        for name, content in zip(names, CONTENTS, strict=True):
            role.sql(f"CREATE DATABASE {quoted(name)}")
            if content is not None:
                role.sql(content, database=name)
        yield Strangers(role, names, marker)


@given(
    st.lists(names, min_size=len(CONTENTS), max_size=len(CONTENTS), unique=True),
    st.lists(comments, min_size=len(CONTENTS), max_size=len(CONTENTS)),
)
@examples(5)
def test_a_run_changes_no_database_that_the_kit_did_not_make(
    strangers: Strangers, called: list[str], commented: list[str | dict[str, object] | None]
) -> None:
    """Each example has one database of each content."""
    role = strangers.role
    for number in range(len(CONTENTS)):
        strangers.become(number, f"{role.name}_{number}", None)  # so that no name is taken while they are given
    for number, (name, comment) in enumerate(zip(called, commented, strict=True)):
        strangers.become(number, name, comment)
    before = role.everything(), [contents(role, name) for name in called]
    role.run_beside()
    with role.given.connected() as connection:
        assert not any(found.is_orphan or found.refused is None for found in connection.found())
    assert (role.everything(), [contents(role, name) for name in called]) == before


def contents(role: Role, name: str) -> list[tuple[object, ...]]:
    """The objects of a database."""
    return role.sql(
        "SELECT 'relation', oid, relname, relfilenode FROM pg_class WHERE oid >= 16384"
        " UNION ALL SELECT 'routine', oid, proname, xmin::text::int FROM pg_proc WHERE oid >= 16384"
        " UNION ALL SELECT 'large object', oid, lomowner::text, 0 FROM pg_largeobject_metadata ORDER BY 1, 2",
        database=name,
    )
