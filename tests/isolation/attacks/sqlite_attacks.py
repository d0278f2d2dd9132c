"""What a test may do to a SQLite database."""

from __future__ import annotations

from attack import Attack, undone

ATTACKS: tuple[Attack, ...] = (
    # --- rows
    undone("a row comes", "INSERT INTO customers (name) VALUES ('new')"),
    undone("rows go, with what cascades", "DELETE FROM parents"),
    # --- the schema
    undone("a table is dropped", "DROP TABLE orders"),
)
