"""What the server refuses an application because of the journal's triggers, in words."""

from __future__ import annotations

import re
from typing import Final

from kailash_testkit.databases.mysql.naming import JOURNAL_PREFIX

_COLUMN: Final = re.compile(r"Unknown column '([^']+)' in '(?:NEW|OLD)'")
_LOCKED: Final = re.compile(rf"Can't update table '{JOURNAL_PREFIX}\d+' in stored function/trigger")


def explained(said: str) -> str | None:
    """Why the server said that, and what to do, where the journal is to blame; None for anything else."""
    column = _COLUMN.search(said)
    if column is not None:
        return (
            f"the kit's triggers, which record what tests change, name the column {column[1]}, which is renamed or "
            "dropped: the server refuses writes to its table until the kit looks at the schema again\n"
            "do: change the schema in a fixture of wider scope; or write in a block of kit.changes(), which looks"
        )
    if _LOCKED.search(said):
        return (
            "under LOCK TABLES the server refuses what the kit's triggers, which record what tests change, write\n"
            "do: leave LOCK TABLES out in tests: SELECT ... FOR UPDATE and GET_LOCK work"
        )
    return None
