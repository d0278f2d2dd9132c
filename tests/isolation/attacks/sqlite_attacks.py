"""What a test may do to a SQLite database: all attacks, of the modules beside this one."""

from __future__ import annotations

import sqlite_attacks_on_files
import sqlite_attacks_on_rows
import sqlite_attacks_on_schema
import sqlite_attacks_with_locks
from attack import Attack

ATTACKS: tuple[Attack, ...] = (
    *sqlite_attacks_on_rows.ATTACKS,
    *sqlite_attacks_on_schema.ATTACKS,
    *sqlite_attacks_on_files.ATTACKS,
    *sqlite_attacks_with_locks.ATTACKS,
)
