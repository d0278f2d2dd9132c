"""On a server that is given the kit drops what it proves to have made, and nothing else, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mysql_meddling import CONTRADICTIONS as ON_MYSQL
from own_server import OwnServer
from postgresql_meddling import CONTRADICTIONS as ON_POSTGRESQL

from kailash_testkit.errors import UnsafeDatabase

CONTRADICTIONS = {"postgresql": ON_POSTGRESQL, "mysql": ON_MYSQL}


@pytest.fixture
def left(own: OwnServer) -> str:
    """A database of a run that was killed: the kit's, and nobody's."""
    return own.left_by_a_killed_run()


def test_what_a_killed_run_left_goes_with_the_next_run(own: OwnServer, left: str) -> None:
    assert own.given.found()[left].is_orphan
    own.run_beside()
    assert not own.databases()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("own", "meddle", "why"),
    [(kind, *case) for kind, cases in CONTRADICTIONS.items() for case in cases],
    indirect=["own"],
    ids=[f"{kind}, {meddle.__name__}" for kind, cases in CONTRADICTIONS.items() for meddle, _ in cases],
)
def test_what_contradicts_the_marker_is_left_alone_and_named(
    own: OwnServer, left: str, meddle: Callable[[Any, str], str], why: str
) -> None:
    name = meddle(own, left)
    before = own.everything()
    own.run_beside()
    assert own.everything() == before

    found = own.given.found()[name]
    assert not found.is_orphan
    assert why in (found.refused or "")
    assert (found.command or "").endswith(f"DROP DATABASE {own.quoted(name)}'")
    with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match=r"not dropped") as caught:
        connection.drop(name)
    assert why in str(caught.value)
    assert str(found.command) in str(caught.value)
    assert own.everything() == before


def test_an_orphan_that_somebody_looks_into_stays_until_he_is_done(own: OwnServer, left: str) -> None:
    with own.connected_to(left):
        own.run_beside()
        assert left in own.databases()
        with own.given.connected() as connection, pytest.raises(UnsafeDatabase, match="it is in use"):
            connection.drop(left)
    own.wait_until_unused(left)
    own.run_beside()
    assert not own.databases()
