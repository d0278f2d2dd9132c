"""MariaDB under attack, and its judge: its own dump program, and what that leaves out."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import closing
from typing import Any

import pymysql
import pytest
from database_servers import MYSQL, required, rows_of
from target import Target

from kailash_testkit.databases import open_database

_KITS = re.compile(r"dataflow_testkit|AUTO_INCREMENT=\d+")
_NOT_DUMPED = (
    "SELECT table_name, auto_increment FROM information_schema.tables"
    " WHERE table_schema = database() AND table_name NOT LIKE 'dataflow\\_testkit%' AND auto_increment IS NOT NULL",
    "SELECT * FROM information_schema.schemata WHERE schema_name = database()",
)


class MysqlTarget(Target):
    kind = "mysql"
    options = {"enable_model_persistence": False}
    schema = (
        "CREATE TABLE parents (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) UNIQUE, note TEXT)",
        "CREATE TABLE children (id INT AUTO_INCREMENT PRIMARY KEY, parent INT,"
        " FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE priced (net INT, gross INT AS (net * 2) STORED,"
        " shown VARCHAR(20) AS (concat(net, ' EUR')) VIRTUAL, hidden INT INVISIBLE, CHECK (net > 0))",
        "CREATE TABLE heap (x VARCHAR(20), y DOUBLE)",
        "CREATE TABLE measured (at DATE, v INT) PARTITION BY RANGE (year(at))"
        " (PARTITION old VALUES LESS THAN (2021), PARTITION rest VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE audit (entry TEXT)",
        "CREATE TRIGGER `audited` AFTER DELETE ON `parents` FOR EACH ROW INSERT INTO audit VALUES (OLD.name)",
        "CREATE VIEW names AS SELECT name FROM parents",
        "CREATE SEQUENCE loose",
        "CREATE SEQUENCE plain_sequence NOCACHE",
        "CREATE PROCEDURE tidy () DELETE FROM heap",
        "CREATE FUNCTION twice (a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
        "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO DELETE FROM audit",
        "CREATE INDEX by_x ON heap (x)",
    )
    rows = (
        "INSERT INTO customers (id, name) VALUES (1, 'Ada'), (2, 'Grace')",
        "INSERT INTO orders (customer_id, total) VALUES (1, 9.5), (2, 0.1)",
        "INSERT INTO parents (name, note) VALUES ('one', 'n'), ('two', NULL), (NULL, ''), ('', 'x')",
        "INSERT INTO children (parent) VALUES (1), (1), (2)",
        "INSERT INTO priced (net, hidden) VALUES (100, 7)",
        "INSERT INTO heap VALUES ('a', 1.5), ('a', 1.5), (NULL, NULL)",
        "INSERT INTO measured VALUES ('2020-02-02', 1), ('2030-01-01', 2)",
        "SELECT nextval(loose)",
    )
    rows_of_next_test = (
        "INSERT INTO customers (name) VALUES ('of the next test')",
        "UPDATE orders SET total = 3",
        "DELETE FROM parents WHERE id = 3",
        "INSERT INTO heap VALUES ('b', 1)",
    )

    def new_url(self) -> str:
        url = required(MYSQL).new_database("attacked")
        database = open_database(url)
        database.mark_as_owned()
        database.close()
        return url

    def connect(self) -> Any:
        connection = MYSQL.connect(MYSQL.parts(self.url))
        self.run(connection, "SET lock_wait_timeout = 2, innodb_lock_wait_timeout = 2")
        return connection

    def run(self, connection: Any, statement: str) -> list[Any]:
        return rows_of(connection, statement)

    def fingerprint(self) -> list[str]:
        place = MYSQL.parts(self.url)
        program = shutil.which("mariadb-dump") or shutil.which("mysqldump")
        if program is None:
            pytest.skip("neither mariadb-dump nor mysqldump is on PATH")
        dump = subprocess.run(
            [program, f"--host={place.host}", f"--port={place.port}", f"--user={place.user}",
             f"--password={place.password}", "--routines", "--events", "--triggers", "--skip-extended-insert",
             "--skip-comments", "--skip-lock-tables", "--hex-blob", place.database],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        lines = re.sub(r" AUTO_INCREMENT=\d+", "", dump.stdout).splitlines()
        found = [dump.stderr, *_of_application(lines)]
        with closing(MYSQL.connect(place)) as connection:
            for query in _NOT_DUMPED:
                try:
                    found += map(repr, rows_of(connection, query))
                except pymysql.Error as error:
                    found.append(str(error))
        return sorted(filter(None, found))

    def drop(self) -> None:
        MYSQL.drop(self.url)


def _of_application(lines: list[str]) -> list[str]:
    """The lines but those on the kit's own tables and triggers, and settings for the moment."""
    kept: list[str] = []
    skipping = False
    for line in lines:
        if re.match(r"CREATE TABLE `dataflow_testkit|/\*!50003 CREATE.*TRIGGER.*`?dataflow_testkit", line):
            skipping = True
        if (
            not skipping
            and "dataflow_testkit" not in line
            and not re.match(r"/\*!\d+ SET|/\*M?!\d+ SET|SET |DELIMITER", line)
        ):
            kept.append(line)
        if skipping and (line.startswith(")") or line.endswith(("*/;;", ";;"))):
            skipping = False
    return kept
