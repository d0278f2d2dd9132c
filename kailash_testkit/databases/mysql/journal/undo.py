"""Going back by the journal: the statements that take recorded changes back."""

from __future__ import annotations

from collections.abc import Sequence

from kailash_testkit.databases.mysql.connection import quoted
from kailash_testkit.databases.mysql.journal.triggers import AFTER, BASE, BEFORE, RecordedTable, exact_value


def lock_statement(recorded: RecordedTable, mark: int) -> str:
    """A statement for `undo_statements`: the images after ``mark``. Nobody can add one from then on."""
    if recorded.key:
        parts = [
            f"hex({exact_value(recorded.slots[place], recorded.table.columns[place].kind)})"
            for place in recorded.table.key
        ]
        identity = f"concat_ws(',', {', '.join(parts)})"
    else:
        identity = recorded.exact(recorded.slots)
    return f"SELECT seq, side, {identity} FROM {recorded.journal} WHERE mark > {mark} AND side < {BASE} FOR UPDATE"


def undo_statements(recorded: RecordedTable, images: Sequence[tuple[int, int, str]], mark: int) -> list[str]:
    """The statements that make the rows touched after ``mark`` what they were then."""
    restoring, missing = _by_key(recorded, images, mark) if recorded.key else _by_value(recorded, images)
    if missing:
        restoring.append(
            f"INSERT INTO {recorded.name} ({recorded.written}) SELECT {recorded.written_slots} FROM {recorded.journal} "
            f"WHERE mark > {mark} AND side = {BEFORE} AND seq IN ({', '.join(map(str, missing))})"
        )
    return [*restoring, f"DELETE FROM {recorded.journal} WHERE mark > {mark}"]


def _by_key(recorded: RecordedTable, images: Sequence[tuple[int, int, str]], mark: int) -> tuple[list[str], list[int]]:
    """Remove every touched row, then insert those that were there; returns the positions of these.

    What the first image of a key says is the truth at ``mark``. Removing all first means that no order of
    inserts can violate a unique constraint on the way.
    """
    first: dict[str, tuple[int, int]] = {}
    for seq, side, key in sorted(images):
        first.setdefault(key, (seq, side))
    same = " AND ".join(f"{recorded.name}.{name} = {recorded.journal}.{slot}" for name, slot in recorded.key)
    removing = (
        f"DELETE {recorded.name} FROM {recorded.journal} STRAIGHT_JOIN {recorded.name} ON {same} "
        f"WHERE {recorded.journal}.mark > {mark}"
    )
    return [removing], [seq for seq, side in first.values() if side == BEFORE]


def _by_value(recorded: RecordedTable, images: Sequence[tuple[int, int, str]]) -> tuple[list[str], list[int]]:
    """Where nothing tells two equal rows apart, it does not matter which of them goes."""
    surplus: dict[str, int] = {}
    gone: dict[str, list[int]] = {}
    for seq, side, image in images:
        surplus[image] = surplus.get(image, 0) + (1 if side == AFTER else -1)
        if side == BEFORE:
            gone.setdefault(image, []).append(seq)
    row = recorded.exact([quoted(column.name) for column in recorded.table.columns])
    removing = [
        f"DELETE FROM {recorded.name} WHERE {row} = '{image}' LIMIT {number}"
        for image, number in surplus.items()
        if number > 0
    ]
    return removing, [seq for image, number in surplus.items() if number < 0 for seq in gone[image][:-number]]


def rewrite_statements(recorded: RecordedTable, mark: int) -> list[str]:
    """The statements that remove all rows, and insert those that were there at ``mark``."""
    images = f"FROM {recorded.journal} WHERE mark <= {mark} AND side <= {BASE}"
    if recorded.key:
        slots = ", ".join(slot for _, slot in recorded.key)
        chosen = (
            f"SELECT {recorded.written_slots}, side, ROW_NUMBER() OVER (PARTITION BY {slots} "
            f"ORDER BY seq DESC, side DESC) AS place {images}"
        )
        there = f"place = 1 AND side <> {BEFORE}"
    else:
        row = recorded.exact(recorded.slots)
        chosen = (
            f"SELECT {recorded.written_slots}, side, SUM(side = {BEFORE}) OVER (PARTITION BY {row}) AS gone, "
            f"ROW_NUMBER() OVER (PARTITION BY {row}, side = {BEFORE} ORDER BY seq) AS place {images}"
        )
        there = f"place > gone AND side <> {BEFORE}"
    return [
        f"DELETE FROM {recorded.name}",
        f"INSERT INTO {recorded.name} ({recorded.written}) "
        f"SELECT {recorded.written_slots} FROM ({chosen}) AS images WHERE {there}",
        f"DELETE FROM {recorded.journal} WHERE mark > {mark}",
    ]
