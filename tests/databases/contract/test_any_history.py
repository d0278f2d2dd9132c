"""Random histories of two connections, with nested marks: every undo gives back the state of its mark.

And the changes told since a mark lead from the rows of the mark to the rows of now. A further kind of database
needs a module like `sqlite_history`, and a line in `HISTORIES`.
"""

from __future__ import annotations

from types import ModuleType

import mysql_history
import postgresql_history
import pytest
import sqlite_history
from hypothesis import given
from journal_bench import Bench
from soak import examples
from story import Step, Story, Theatre, steps

HISTORIES: dict[str, tuple[ModuleType, type[Theatre], int]] = {
    "sqlite": (sqlite_history, sqlite_history.SqliteTheatre, 20),
    "postgresql": (postgresql_history, postgresql_history.PostgresqlTheatre, 4),
    "mysql": (mysql_history, mysql_history.MysqlTheatre, 2),
}
"""What they are made of, and how many are tried in the short form, by kind."""


@pytest.mark.slow
def test_every_undo_gives_back_the_state_of_its_mark(bench: Bench) -> None:
    module, theatre, short = HISTORIES[bench.kind.name]

    @examples(short)
    @given(steps(module.statement, module.schema_change))
    def check(history: list[Step]) -> None:
        bench.start(module.SCHEMA)
        Story(theatre(bench)).act(history)
        bench.leave()

    check()
