"""Every sort of change to a schema on PostgreSQL is put back, with all rows."""

from __future__ import annotations

import pytest
from journal_bench import Bench
from postgresql_schema import SCHEMA


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE fresh (id serial PRIMARY KEY, boss int REFERENCES boss); INSERT INTO fresh DEFAULT VALUES",
        "CREATE SCHEMA fresh CREATE TABLE t (v int)",
        "DROP TABLE log",
        "DROP TABLE boss CASCADE",
        "DROP TABLE staff CASCADE",
        "DROP TABLE part",
        "DROP TABLE part_a",
        "ALTER TABLE boss ADD COLUMN extra int DEFAULT 5",
        "ALTER TABLE boss DROP COLUMN name CASCADE",
        "ALTER TABLE boss RENAME COLUMN name TO called",
        "ALTER TABLE boss RENAME TO chief",
        "ALTER TABLE staff ALTER COLUMN doc TYPE jsonb",
        "ALTER TABLE boss ALTER COLUMN feels DROP NOT NULL, ALTER COLUMN feels DROP DEFAULT",
        "ALTER TABLE staff DROP CONSTRAINT staff_boss_fkey",
        "ALTER TABLE staff DROP CONSTRAINT staff_boss_check",
        "ALTER TABLE part DETACH PARTITION part_a",
        "ALTER TYPE mood ADD VALUE 'happy'",
        "DROP TYPE mood CASCADE",
        "DROP DOMAIN short CASCADE",
        "DROP INDEX by_more",
        "CREATE UNIQUE INDEX fresh ON boss (feels, id)",
        "CREATE OR REPLACE FUNCTION plus(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 2'",
        "DROP FUNCTION audit CASCADE",
        "DROP TRIGGER audited ON boss",
        "ALTER TABLE boss DISABLE TRIGGER audited",
        "DROP VIEW seen",
        "CREATE OR REPLACE VIEW seen AS SELECT b.name, s.id, 1 AS one FROM boss b JOIN staff s ON s.boss = b.id",
        "DROP MATERIALIZED VIEW kept",
        "CREATE SEQUENCE fresh",
        "DROP SEQUENCE boss_id_seq CASCADE",
        "ALTER SEQUENCE boss_id_seq INCREMENT BY 10",
        "COMMENT ON TABLE boss IS 'nobody'",
        "CREATE RULE quiet AS ON DELETE TO log DO INSTEAD NOTHING",
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public",
    ],
)
def test_changes_of_the_schema(bench: Bench, change: str) -> None:
    bench.start(SCHEMA)
    way = bench.undone("INSERT INTO log VALUES ('before')", "DELETE FROM staff WHERE boss = 2", change)
    assert way == "saved state"
    assert (
        bench.undone("INSERT INTO boss (name) VALUES ('cy')", "INSERT INTO part VALUES (7, '2020-07-07')") == "journal"
    )
