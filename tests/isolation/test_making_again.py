"""A database whose journal is lost is made again, if it is the kit's to make again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from database_kinds import Kind
from sample_app import register

from kailash_testkit.errors import IsolationFailed
from kailash_testkit.isolation.sandbox import Sandbox
from kailash_testkit.kit import Kit

NOTES = "SELECT text FROM notes ORDER BY id"


class Made:
    """A database with a table ``notes``, as the plugin makes one, or as a user opens one."""

    def __init__(self, db: Any, kind: Kind) -> None:
        self.db = db
        self.run = kind.sql(db.config.database.url)

    def kit(self, *, is_private: bool = True) -> Kit:
        if is_private:
            return Kit.on_private_database(self.db, verify=True, late_models=lambda: None)
        return Kit(self.db)

    def owned_by(self, sandbox: Sandbox, owner: str, *statements: str) -> None:
        started = sandbox.begin()
        for statement in statements:
            self.run(statement)
        sandbox.finish(owner, started)


@pytest.fixture
def made(new_db: Callable[..., Any], database_kind: Kind) -> Iterator[Made]:
    db = new_db()
    register(db, "Note", id=int, text=str)
    return Made(db, database_kind)


def added(text: str) -> str:
    return f"INSERT INTO notes (text) VALUES ('{text}')"


@pytest.mark.slow
@pytest.mark.databases
def test_it_has_the_rows_of_all_owners_which_end_as_ever(made: Made) -> None:
    with made.kit() as kit:
        kit.sandbox.keep()
        made.owned_by(kit.sandbox, "session", added("s"), added("x"), "DELETE FROM notes WHERE text = 'x'")
        made.owned_by(kit.sandbox, "module", added("m"))
        made.run(added("of the test"))
        kit.sandbox.make_again()
        assert made.run(NOTES) == [("s",), ("m",)]
        made.run(added("of the next test"))
        kit.sandbox.end("module")
        kit.sandbox.settle()
        assert made.run(NOTES) == [("s",)]


@pytest.mark.slow
@pytest.mark.databases
def test_it_has_the_tables_of_an_owner(made: Made) -> None:
    with made.kit() as kit:
        made.owned_by(kit.sandbox, "session", added("s"))
        made.owned_by(kit.sandbox, "module", "CREATE TABLE extra (v INTEGER)", "INSERT INTO extra VALUES (7)")
        made.owned_by(kit.sandbox, "class", added("c"))
        kit.sandbox.make_again()
        assert made.run("SELECT v FROM extra") == [(7,)]
        assert made.run(NOTES) == [("s",), ("c",)]
        kit.sandbox.end("class")
        kit.sandbox.end("module")
        kit.sandbox.settle()
        assert made.run(NOTES) == [("s",)]
        with pytest.raises(Exception, match="extra"):
            made.run("SELECT v FROM extra")


def test_one_that_the_kit_did_not_make_for_the_run_is_left_alone(made: Made) -> None:
    with made.kit(is_private=False) as kit:
        made.run(added("a"))
        with pytest.raises(IsolationFailed, match="is not made again"):
            kit.sandbox.make_again()
        assert made.run(NOTES) == [("a",)]


@pytest.mark.databases("postgresql", "mysql")
def test_another_one_in_its_place_is_left_alone(made: Made, database_kind: Kind) -> None:
    server = database_kind.server  # type: ignore[attr-defined]
    url = made.db.config.database.url
    with made.kit() as kit:
        server.drop(url)
        server.run(f"CREATE DATABASE {server.parts(url).database}")
        made.run("CREATE TABLE notes (text VARCHAR(20), id INTEGER)")
        made.run("INSERT INTO notes VALUES ('of somebody else', 1)")
        with pytest.raises(IsolationFailed, match="is not made again"):
            kit.sandbox.make_again()
        assert made.run(NOTES) == [("of somebody else",)]
