"""Foreign keys of every kind stay satisfied while an undo on PostgreSQL writes rows in any order."""

from __future__ import annotations

import pytest
from journal_bench import Bench

ACTIONS = ["", "ON DELETE CASCADE ON UPDATE CASCADE", "ON DELETE SET NULL ON UPDATE SET NULL", "ON DELETE RESTRICT",
           "DEFERRABLE INITIALLY DEFERRED"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_parents_and_children(bench: Bench, action: str) -> None:
    bench.start(
        "CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, note text);"
        f"CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent {action},"
        f"                    code text REFERENCES parent (code) {action});"
        "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO child VALUES (1, 1, 'a'), (2, 2, 'b')"
    )
    assert bench.undone("UPDATE parent SET note = 'x'") == "journal"
    assert bench.undone("DELETE FROM child", "DELETE FROM parent") == "journal"
    assert bench.undone("INSERT INTO parent VALUES (4, 'd')", "UPDATE child SET parent = 4, code = 'd'") == "journal"
    assert bench.undone("DELETE FROM child", "UPDATE parent SET id = id + 10") == "journal"
    assert bench.undone("TRUNCATE parent CASCADE", "INSERT INTO parent VALUES (1, 'z')") == "journal"


@pytest.mark.slow
@pytest.mark.parametrize("action", ["ON DELETE CASCADE ON UPDATE CASCADE", "ON DELETE SET NULL ON UPDATE SET NULL"])
def test_what_actions_do_comes_back(bench: Bench, action: str) -> None:
    bench.start(
        "CREATE TABLE a (id int PRIMARY KEY, u int UNIQUE);"
        f"CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a {action}, u int REFERENCES a (u) {action});"
        f"CREATE TABLE c (b int REFERENCES b {action});"
        "INSERT INTO a VALUES (1, 10), (2, 20); INSERT INTO b VALUES (1, 1, 10), (2, 2, 20), (3, 1, 20);"
        "INSERT INTO c VALUES (1), (2), (3), (3)"
    )
    assert bench.undone("DELETE FROM a WHERE id = 1") == "journal"
    assert bench.undone("UPDATE a SET id = id + 100, u = u + 1") == "journal"
    assert bench.undone("UPDATE a SET u = 5 WHERE id = 1", "UPDATE a SET u = 10 WHERE id = 2") == "journal"
    assert bench.undone(
        "DELETE FROM a", "INSERT INTO a VALUES (1, 20), (2, 10)", "INSERT INTO b VALUES (9, 1, 20)"
    ) == ("journal")


def test_tables_that_refer_to_each_other_and_to_themselves(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE a (id int PRIMARY KEY, b int, up int REFERENCES a);"
        "CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);"
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;"
        "INSERT INTO a VALUES (1, NULL, NULL), (2, NULL, 1); INSERT INTO b VALUES (1, 1), (2, 2);"
        "UPDATE a SET b = id"
    )
    both = "WITH x AS (DELETE FROM a), y AS (DELETE FROM b) SELECT"
    assert bench.undone(both) == "journal"
    assert bench.undone(
        both, "WITH x AS (INSERT INTO a VALUES (1, 7, 1)), y AS (INSERT INTO b VALUES (7, 1)) SELECT"
    ) == ("journal")
    assert (
        bench.undone("UPDATE a SET up = 2 WHERE id = 1", "UPDATE a SET b = 1", "DELETE FROM b WHERE id = 2")
        == "journal"
    )


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_swapped_unique_values(bench: Bench, action: str) -> None:
    bench.start(
        "CREATE TABLE slot (id int PRIMARY KEY, place int NOT NULL UNIQUE);"
        f"CREATE TABLE card (slot int REFERENCES slot {action}, n int);"
        "INSERT INTO slot VALUES (1, 1), (2, 2), (3, 3); INSERT INTO card VALUES (1, 1), (2, 2)"
    )
    swap = ("UPDATE slot SET place = -place", "UPDATE slot SET place = 4 + place")
    assert bench.undone(*swap) == ("saved state" if "RESTRICT" in action else "journal")


def test_exclusion_constraints(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE stay (id int PRIMARY KEY, days int4range, EXCLUDE USING gist (days WITH &&));"
        "INSERT INTO stay VALUES (1, '[1,5)'), (2, '[5,9)')"
    )
    assert bench.undone(
        "DELETE FROM stay WHERE id = 1", "UPDATE stay SET days = '[1,5)'", "INSERT INTO stay VALUES (1, '[5,7)')"
    ) == ("journal")


def test_a_foreign_key_between_partitioned_tables(bench: Bench) -> None:
    bench.start(
        "CREATE TABLE p (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p DEFAULT;"
        "CREATE TABLE c (p int REFERENCES p ON UPDATE CASCADE ON DELETE CASCADE) PARTITION BY HASH (p);"
        "CREATE TABLE c1 PARTITION OF c FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE c2 PARTITION OF c FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "INSERT INTO p VALUES (1), (2), (11); INSERT INTO c VALUES (1), (2), (11), (11)"
    )
    assert bench.undone("DELETE FROM p WHERE id > 1") == "journal"
    assert bench.undone("UPDATE p SET id = id + 1 WHERE id = 2", "UPDATE p SET v = 1") == "journal"
    assert bench.undone("TRUNCATE p CASCADE") == "journal"
