"""What a test may do to a MariaDB database."""

from __future__ import annotations

import contextlib
from typing import Any

import pymysql
from attack import Attack, named, refused, undone


def holding(*statements: str) -> Any:
    """A pooled connection that the test gives back as it is: it stays open."""

    def hold(target: Any) -> None:
        connection = target.hold(target.connect())
        for statement in statements:
            target.run(connection, statement)

    return hold


def on_one_connection(*statements: str) -> Any:
    def run(target: Any) -> None:
        with contextlib.closing(target.connect()) as connection:
            for statement in statements:
                target.run(connection, statement)

    return run


def without_checks(*statements: str) -> Any:
    return on_one_connection("SET foreign_key_checks = 0, check_constraint_checks = 0", *statements)


def on_journal(statement: str) -> Any:
    """A statement on the journal of the table ``orders``, and rows that it then does not record."""

    def run(target: Any) -> None:
        ((trigger,),) = target.sql(
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
            " AND event_object_table = 'orders' AND event_manipulation = 'INSERT'"
        )
        target.sql(statement.format(trigger.removesuffix("_insert")), "DELETE FROM orders")

    return run


def on_all_journals(statement: str) -> Any:
    """A statement on each table of the journal, and rows that go."""

    def run(target: Any) -> None:
        found = target.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
            " AND table_name LIKE 'dataflow\\_testkit\\_journal\\_%'"
        )
        target.sql(*[statement.format(name) for (name,) in found])

    return run


def end_others(target: Any) -> None:
    """As an administrator does who ends all sessions of a database."""
    with contextlib.closing(target.connect()) as connection:
        others = "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
        for (number,) in target.run(connection, others):
            with contextlib.suppress(pymysql.OperationalError):  # it has ended by itself
                target.run(connection, f"KILL {number}")


ATTACKS: tuple[Attack, ...] = (
    # --- rows
    undone("a row comes", "INSERT INTO customers (name) VALUES ('new')"),
    undone("rows go, with what cascades", "DELETE FROM parents"),
    undone("a key is moved, with what cascades", "UPDATE parents SET id = id + 100"),
    undone("equal rows of a table without a key", "DELETE FROM heap WHERE x = 'a'", "INSERT INTO heap VALUES ('a', 1)"),
    undone("REPLACE", "REPLACE INTO parents (id, name) VALUES (1, 'uno')"),
    undone("ON DUPLICATE KEY UPDATE", "INSERT INTO parents (id) VALUES (1) ON DUPLICATE KEY UPDATE name = 'x'"),
    undone("INSERT IGNORE", "INSERT IGNORE INTO parents (id, name) VALUES (1, 'x'), (90, 'y')"),
    undone("INSERT SELECT", "INSERT INTO heap SELECT * FROM heap"),
    undone(
        "UPDATE of several tables",
        "UPDATE parents p JOIN children c ON c.parent = p.id SET p.note = 'x', c.id = c.id + 50",
    ),
    undone("DELETE from several tables", "DELETE p, o FROM parents p, orders o"),
    undone("TRUNCATE", "TRUNCATE orders"),
    undone("TRUNCATE, and rows", "TRUNCATE orders", "INSERT INTO orders (customer_id, total) VALUES (1, 9.5)"),
    undone("TRUNCATE without checks", without_checks("TRUNCATE parents")),
    undone("TRUNCATE PARTITION", "ALTER TABLE measured TRUNCATE PARTITION old"),
    undone("rows move between partitions", "UPDATE measured SET at = '2040-01-01'"),
    undone("foreign keys are off", without_checks("DELETE FROM parents", "INSERT INTO children (parent) VALUES (999)")),
    undone("checks are off", without_checks("INSERT INTO priced (net) VALUES (-1)")),
    undone("an invisible column", "UPDATE priced SET hidden = 8"),
    undone("rows through a view", "DELETE FROM names WHERE name = 'one'"),
    undone("rows through a procedure", "CALL tidy()"),
    undone("a transaction that commits", on_one_connection("BEGIN", "DELETE FROM orders", "COMMIT")),
    undone("autocommit is off", on_one_connection("SET autocommit = 0", "DELETE FROM orders", "COMMIT")),
    undone(
        "DDL within a transaction",
        on_one_connection("BEGIN", "DELETE FROM orders", "CREATE TABLE z (v INT)", "ROLLBACK"),
    ),
    undone(
        "a zero in a counted column",
        on_one_connection("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "INSERT INTO parents (id) VALUES (0)"),
    ),
    refused(
        "LOCK TABLES and a write",
        on_one_connection("LOCK TABLES orders WRITE", "DELETE FROM orders", "UNLOCK TABLES"),
        says="1442",  # the server's own: it has the journal's table of the same statement open
    ),
    undone(
        "XA, committed",
        on_one_connection("XA START 'a'", "DELETE FROM orders", "XA END 'a'", "XA PREPARE 'a'", "XA COMMIT 'a'"),
    ),
    # --- numbers
    undone("AUTO_INCREMENT is raised", "ALTER TABLE orders AUTO_INCREMENT = 500"),
    undone(
        "AUTO_INCREMENT moves",
        "INSERT INTO orders (customer_id, total) VALUES (1, 1)",
        "DELETE FROM orders WHERE total = 1",
    ),
    undone("a sequence moves", "SELECT nextval(plain_sequence)"),
    undone("a sequence is set", "SELECT setval(loose, 5000)"),
    undone("a sequence is altered", "ALTER SEQUENCE loose INCREMENT BY 10"),
    undone("a sequence is restarted", "ALTER SEQUENCE loose RESTART WITH 7"),
    undone("a sequence is made", "CREATE SEQUENCE fresh"),
    undone("a sequence is dropped", "DROP SEQUENCE loose"),
    # --- tables
    undone("CREATE TABLE", "CREATE TABLE fresh (id INT AUTO_INCREMENT PRIMARY KEY)", "INSERT INTO fresh VALUES ()"),
    undone("CREATE TABLE SELECT", "CREATE TABLE fresh AS SELECT * FROM parents"),
    undone(
        "CREATE TABLE of another engine", "CREATE TABLE fresh (v INT) ENGINE = Aria", "INSERT INTO fresh VALUES (1)"
    ),
    undone("CREATE OR REPLACE TABLE", "CREATE OR REPLACE TABLE heap (x VARCHAR(20), y DOUBLE)"),
    undone("a table with system versions is made", "CREATE TABLE fresh (v INT) WITH SYSTEM VERSIONING"),
    undone("system versions are added", "ALTER TABLE heap ADD SYSTEM VERSIONING", "DELETE FROM heap"),
    undone("DROP TABLE", "DROP TABLE orders"),
    undone(
        "DROP TABLE, and alike again",
        "DROP TABLE audit",
        "CREATE TABLE audit (entry TEXT)",
        "INSERT INTO audit VALUES (1)",
    ),
    undone(
        "all tables are dropped",
        without_checks("DROP TABLE audit, children, customers, heap, measured, orders, parents, priced"),
    ),
    undone("a table is renamed", "RENAME TABLE orders TO ordered", "DELETE FROM ordered"),
    undone(
        "a table is renamed, and its rows change",
        "RENAME TABLE orders TO ordered",
        "UPDATE ordered SET total = 5, id = id + 100",
        "UPDATE IGNORE ordered SET id = 101",
    ),
    undone(
        "a table takes the place of another, whose rows change",
        "CREATE TABLE fresh LIKE orders",
        "RENAME TABLE orders TO old, fresh TO orders",
        "INSERT INTO orders (customer_id, total) VALUES (7, 7)",
        "UPDATE old SET id = id + 100",
    ),
    undone("a table is renamed and back", "RENAME TABLE orders TO o", "RENAME TABLE o TO orders", "DELETE FROM orders"),
    undone("two tables are swapped", "RENAME TABLE heap TO h, audit TO heap, h TO audit"),
    undone("a column is added", "ALTER TABLE orders ADD COLUMN x INT DEFAULT 3"),
    undone("a column is dropped", "ALTER TABLE orders DROP COLUMN total"),
    undone(
        "a column is dropped and added again", "ALTER TABLE heap DROP COLUMN y", "ALTER TABLE heap ADD COLUMN y DOUBLE"
    ),
    undone("a column is renamed", "ALTER TABLE orders RENAME COLUMN total TO sum"),
    refused(
        "a row is written after a column was renamed",
        "ALTER TABLE orders RENAME COLUMN total TO sum",
        "INSERT INTO orders (customer_id, sum) VALUES (1, 1)",
        says="Unknown column 'total' in 'NEW'",  # the journal's triggers name it: the report says so
    ),
    undone("a column's type", "ALTER TABLE heap MODIFY COLUMN y INT"),
    undone("a column's default", "ALTER TABLE heap ALTER COLUMN y SET DEFAULT 7"),
    undone("a column's comment", "ALTER TABLE heap MODIFY COLUMN y DOUBLE COMMENT 'why'"),
    undone("a column becomes invisible", "ALTER TABLE heap MODIFY COLUMN y DOUBLE INVISIBLE"),
    undone("a column's place", "ALTER TABLE heap MODIFY COLUMN y DOUBLE FIRST"),
    undone("a generated column", "ALTER TABLE heap ADD COLUMN g INT AS (y + 1) VIRTUAL"),
    undone("another engine", "ALTER TABLE audit ENGINE = MyISAM", "INSERT INTO audit VALUES ('x')"),
    undone("another row format", "ALTER TABLE heap ROW_FORMAT = COMPACT"),
    undone("a table's comment", "ALTER TABLE heap COMMENT = 'ours'"),
    undone("a table's charset", "ALTER TABLE heap CONVERT TO CHARACTER SET latin1"),
    undone(
        "a partition is added",
        "ALTER TABLE measured REORGANIZE PARTITION rest INTO"
        " (PARTITION mid VALUES LESS THAN (2025), PARTITION rest VALUES LESS THAN MAXVALUE)",
    ),
    undone("a partition is dropped", "ALTER TABLE measured DROP PARTITION old"),
    undone("partitions are removed", "ALTER TABLE measured REMOVE PARTITIONING"),
    undone(
        "a partition is exchanged",
        "CREATE TABLE out_of (at DATE, v INT)",
        "ALTER TABLE measured EXCHANGE PARTITION old WITH TABLE out_of",
    ),
    undone("a check is added", "ALTER TABLE heap ADD CHECK (y > 0)"),
    undone("a check is dropped", "ALTER TABLE priced DROP CONSTRAINT CONSTRAINT_1"),
    undone("a foreign key is added", "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id)"),
    undone("a foreign key is dropped", "ALTER TABLE children DROP FOREIGN KEY children_ibfk_1"),
    undone("an index is made", "CREATE INDEX fresh ON orders (total)"),
    undone("an index is dropped", "DROP INDEX by_x ON heap"),
    undone("an index is ignored", "ALTER TABLE heap ALTER INDEX by_x IGNORED"),
    undone("an index is renamed", "ALTER TABLE heap RENAME INDEX by_x TO by_y"),
    undone("a full-text index", "CREATE FULLTEXT INDEX fresh ON parents (note)", "DELETE FROM children"),
    undone("options of the statistics", "ALTER TABLE heap STATS_PERSISTENT = 0 STATS_SAMPLE_PAGES = 5"),
    undone("a page-compressed table", "ALTER TABLE heap PAGE_COMPRESSED = 1"),
    undone("a column's place and charset", "ALTER TABLE heap MODIFY COLUMN x VARCHAR(20) CHARACTER SET latin1 AFTER y"),
    undone("a partition becomes a table", "ALTER TABLE measured CONVERT PARTITION old TO TABLE olds"),
    undone("a table is partitioned", "ALTER TABLE customers PARTITION BY HASH (id) PARTITIONS 3"),
    undone("a primary key is dropped", "ALTER TABLE customers MODIFY id INT", "ALTER TABLE customers DROP PRIMARY KEY"),
    undone("OPTIMIZE, with rows", "OPTIMIZE TABLE orders", "DELETE FROM orders"),
    undone("ALTER TABLE FORCE, with rows", "ALTER TABLE orders FORCE", "DELETE FROM orders"),
    # --- views, triggers, routines, events
    undone("a view is replaced", "CREATE OR REPLACE VIEW names AS SELECT id FROM parents"),
    undone("a view is altered", "ALTER ALGORITHM = TEMPTABLE VIEW names AS SELECT name FROM parents"),
    undone("a view is renamed", "RENAME TABLE names TO named"),
    undone("a sequence is renamed", "RENAME TABLE plain_sequence TO other_sequence"),
    undone("DDL by a procedure", "CREATE PROCEDURE alter_it () ALTER TABLE heap ADD COLUMN z INT", "CALL alter_it()"),
    undone("TRUNCATE by a procedure", "CREATE PROCEDURE empty_it () TRUNCATE orders", "CALL empty_it()"),
    undone("a view is dropped", "DROP VIEW names"),
    undone("a view is made", "CREATE VIEW fresh AS SELECT 1"),
    undone("a trigger is made", "CREATE TRIGGER more BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = 0"),
    undone("a trigger is dropped", "DROP TRIGGER audited", "DELETE FROM parents WHERE id = 3"),
    undone(
        "a trigger is replaced",
        "CREATE OR REPLACE TRIGGER audited AFTER DELETE ON parents FOR EACH ROW INSERT INTO audit VALUES ('other')",
    ),
    undone("a procedure is made", "CREATE PROCEDURE fresh () DELETE FROM orders", "CALL fresh()"),
    undone("a procedure is altered", "ALTER PROCEDURE tidy SQL SECURITY INVOKER COMMENT 'altered'"),
    undone("a procedure is replaced", "CREATE OR REPLACE PROCEDURE tidy () DELETE FROM audit"),
    undone("a procedure is dropped", "DROP PROCEDURE tidy"),
    undone("a procedure's parameters", "CREATE OR REPLACE PROCEDURE tidy (a INT) DELETE FROM heap"),
    undone("a function is made", "CREATE FUNCTION fresh () RETURNS INT RETURN 1"),
    undone("a function is altered", "ALTER FUNCTION twice COMMENT 'doubles'"),
    undone(
        "a function is replaced", "CREATE OR REPLACE FUNCTION twice (a INT) RETURNS BIGINT DETERMINISTIC RETURN a * 2"
    ),
    undone("a function is dropped", "DROP FUNCTION twice"),
    undone("an event is made", "CREATE EVENT fresh ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM audit"),
    undone("an event is altered", "ALTER EVENT nightly ON SCHEDULE EVERY 2 DAY STARTS '2031-01-01 00:00:00'"),
    undone("an event is enabled", "ALTER EVENT nightly ENABLE"),
    undone("an event is renamed", "ALTER EVENT nightly RENAME TO daily"),
    undone("an event's comment", "ALTER EVENT nightly COMMENT 'c'"),
    undone("an event is dropped", "DROP EVENT nightly"),
    undone(
        "a package is made", on_one_connection("SET sql_mode = 'ORACLE'", "CREATE PACKAGE fresh AS PROCEDURE p(); END")
    ),
    # --- the database
    undone("ALTER DATABASE CHARACTER SET", "ALTER DATABASE CHARACTER SET latin1"),
    undone("ALTER DATABASE COLLATE", "ALTER DATABASE COLLATE utf8mb4_bin"),
    undone("ALTER DATABASE COMMENT", "ALTER DATABASE COMMENT 'ours'"),
    # --- sessions
    named("a transaction is left open", holding("BEGIN", "DELETE FROM orders"), says="DatabaseBusy"),
    named("LOCK TABLES READ is held", holding("LOCK TABLES orders READ"), says="DatabaseBusy"),
    named("LOCK TABLES WRITE is held", holding("LOCK TABLES orders WRITE"), says="DatabaseBusy"),
    named("XA is begun", holding("XA START 'b'", "DELETE FROM orders"), says="DatabaseBusy"),
    named(
        "autocommit is off and a write is open",
        holding("SET autocommit = 0", "DELETE FROM orders"),
        says="DatabaseBusy",
    ),
    named("rows are locked", holding("BEGIN", "SELECT * FROM orders FOR UPDATE"), says="DatabaseBusy"),
    named(
        "rows are locked, and others change",
        "DELETE FROM heap",
        holding("BEGIN", "SELECT * FROM orders FOR UPDATE"),
        says="DatabaseBusy",
    ),
    named("HANDLER stays open", holding("HANDLER heap OPEN", "HANDLER heap READ FIRST"), says="DatabaseBusy"),
    undone("a user's lock", holding("SELECT GET_LOCK('mine', 1)", "DELETE FROM orders")),
    undone("a temporary table", holding("CREATE TEMPORARY TABLE orders (v INT)", "DELETE FROM customers")),
    undone(
        "session settings",
        holding("SET sql_mode = '', foreign_key_checks = 0, time_zone = '+05:00'", "DELETE FROM customers"),
    ),
    # --- the journal
    named("the journal's tables are dropped", on_all_journals("DROP TABLE {}"), says="journal was lost"),
    named("the journal's tables are truncated", on_all_journals("TRUNCATE {}"), says="journal was lost"),
    named("the journal's tables are emptied", on_all_journals("DELETE FROM {}"), says="journal was lost"),
    named("the kit's sessions are ended", end_others, "DELETE FROM orders", says="Error"),
    undone("a trigger of the journal is dropped", on_journal("DROP TRIGGER {0}_delete")),
    undone(
        "a trigger of the journal says something else",
        on_journal("CREATE OR REPLACE TRIGGER {0}_delete AFTER DELETE ON orders FOR EACH ROW SET @x = 1"),
    ),
)
