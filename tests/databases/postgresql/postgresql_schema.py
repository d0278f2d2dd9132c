"""A schema with something of every sort that PostgreSQL tables come with."""

from __future__ import annotations

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS text DEFAULT 'x' CHECK (length(VALUE) < 10);
CREATE FUNCTION plus(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO log VALUES (TG_TABLE_NAME); RETURN NULL; END';
CREATE TABLE log (what text);
CREATE TABLE boss (id serial PRIMARY KEY, name short UNIQUE, feels mood NOT NULL DEFAULT 'ok');
CREATE TABLE staff (id int GENERATED ALWAYS AS IDENTITY (START WITH 5) PRIMARY KEY,
                    boss int REFERENCES boss ON DELETE CASCADE, doc json,
                    more int GENERATED ALWAYS AS (boss + 1) STORED, CHECK (boss > 0));
CREATE INDEX by_more ON staff (more) WHERE more > 1;
CREATE VIEW seen AS SELECT b.name, s.id FROM boss b JOIN staff s ON s.boss = b.id;
CREATE MATERIALIZED VIEW kept AS SELECT name FROM boss;
CREATE TABLE part (id int, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE part_b PARTITION OF part DEFAULT;
CREATE TRIGGER audited AFTER INSERT OR DELETE ON boss FOR EACH ROW EXECUTE FUNCTION audit();
COMMENT ON TABLE boss IS 'who''s the boss';
COMMENT ON COLUMN boss.name IS 'its name';
INSERT INTO boss (name) VALUES ('ada'), ('bob');
INSERT INTO staff (boss, doc) VALUES (1, '{"a":  1.0}'), (1, NULL), (2, '[]');
INSERT INTO part VALUES (1, '2020-02-02'), (2, '2030-01-01');
REFRESH MATERIALIZED VIEW kept;
"""
