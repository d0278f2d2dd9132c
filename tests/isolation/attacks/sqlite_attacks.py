"""What a test may do to a SQLite database: all attacks, of the modules beside this one."""

from __future__ import annotations

import sqlite_attacks_on_files
import sqlite_attacks_on_rows
import sqlite_attacks_on_schema
import sqlite_attacks_with_locks
from attack import Attack, undone

ATTACKS: tuple[Attack, ...] = (
    *sqlite_attacks_on_rows.ATTACKS,
    *sqlite_attacks_on_schema.ATTACKS,
    *sqlite_attacks_on_files.ATTACKS,
    *sqlite_attacks_with_locks.ATTACKS,
)
SLOW: tuple[Attack, ...] = sqlite_attacks_with_locks.SLOW

ATTACKS_WITH_VIRTUAL_TABLES: tuple[Attack, ...] = (
    undone("rows of a usual table", "DELETE FROM parents"),
    undone("a full-text table", "INSERT INTO texts VALUES ('another')", "DELETE FROM texts WHERE rowid = 1"),
    undone("a full-text table's own tables", "DELETE FROM texts_content"),
    undone("a spatial table", "INSERT INTO boxes VALUES (2, 5, 6)", "DELETE FROM boxes WHERE id = 1"),
    undone("a virtual table is dropped", "DROP TABLE texts"),
    undone("all tables are dropped", sqlite_attacks_on_schema.drop_all_tables),
    undone("the file is deleted", sqlite_attacks_on_files.delete),
)
