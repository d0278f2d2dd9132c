"""Changes taken back can be made again on PostgreSQL: recorded as new ones, no trigger of the application fires."""

from __future__ import annotations

from typing import Any

import pytest
from postgresql_bench import PostgresqlBench

SCHEMA = """
CREATE TABLE item (id text PRIMARY KEY, value text, doc json);
CREATE TABLE log (what text);
CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO log VALUES (TG_OP || coalesce(NEW.id, OLD.id)); RETURN NULL; END$$;
CREATE TRIGGER logged AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION logged();
"""
CHANGES = """
INSERT INTO item VALUES ('a', 'x', NULL), ('b', 'y', '{"n":  1.00}');
UPDATE item SET id = 'c' WHERE id = 'b';
DELETE FROM item WHERE id = 'a';
INSERT INTO log VALUES ('same'), ('same');
"""


def contents(pg: PostgresqlBench) -> list[list[tuple[Any, ...]]]:
    return [pg.rows("SELECT id, value, doc::text FROM item ORDER BY 1"), pg.rows("SELECT * FROM log ORDER BY 1")]


def test_a_replay_gives_what_was_there(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark = pg.journal.mark()
    pg.run(CHANGES)
    before, recorded = contents(pg), pg.journal.changes(mark)
    assert before[0] == [("c", "y", '{"n":  1.00}')]

    pg.journal.undo(mark)
    assert contents(pg) == [[], []]
    pg.journal.replay(recorded)

    assert contents(pg) == before


def test_a_replay_can_be_undone_and_later_changes_too(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    outer, empty = pg.journal.mark(), pg.journal.fingerprint()
    pg.run(CHANGES)
    recorded = pg.journal.changes(outer)
    pg.journal.undo(outer)
    pg.journal.replay(recorded)
    assert pg.undone("INSERT INTO item VALUES ('later')") == "journal"
    pg.journal.undo(outer)
    assert pg.journal.fingerprint() == empty


def test_the_inverse_in_reverse_takes_changes_out_that_others_follow(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    first = pg.journal.mark()
    pg.run(CHANGES)
    second = pg.journal.mark()
    pg.run("INSERT INTO item VALUES ('z')")
    later = {change.seq for change in pg.journal.changes(second)}
    earlier = [change for change in pg.journal.changes(first) if change.seq not in later]
    pg.journal.replay([change.inverse() for change in reversed(earlier)])
    assert contents(pg) == [[("z", None, None)], [("INSERTz",)]]


def test_a_change_that_does_not_fit_is_refused_whole(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    pg.run("INSERT INTO log VALUES ('kept')")
    mark = pg.journal.mark()
    pg.run("INSERT INTO item VALUES ('a')")
    since = pg.journal.mark()
    pg.run("DELETE FROM item WHERE id = 'a'; INSERT INTO log VALUES ('new')")
    recorded = pg.journal.changes(since)
    pg.journal.undo(mark)

    with pytest.raises(pg.app.Error, match="item has no row"):
        pg.journal.replay(recorded)

    assert contents(pg)[1] == [("kept",)]


def test_a_key_that_is_taken_is_refused(pg: PostgresqlBench) -> None:
    pg.start(SCHEMA)
    mark = pg.journal.mark()
    pg.run("INSERT INTO item VALUES ('a', 'mine')")
    recorded = pg.journal.changes(mark)
    pg.journal.undo(mark)
    pg.run("INSERT INTO item VALUES ('a', 'theirs')")
    with pytest.raises(pg.app.IntegrityError, match="duplicate key"):
        pg.journal.replay(recorded)
