"""What SQLite's own switch for reading lets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from kailash_testkit.errors import SqlFailed
from kailash_testkit.kit import Kit

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    "statement",
    ["ATTACH DATABASE '{}' AS other", "VACUUM INTO '{}'", "PRAGMA journal_mode = DELETE", "PRAGMA user_version = 7"],
)
async def test_other_files_and_settings_are_left_alone(shop_kit: Kit, tmp_path: Path, statement: str) -> None:
    other = tmp_path / "other.db"
    with pytest.raises(SqlFailed, match="this statement writes"):
        await shop_kit.sql(statement.format(other))
    assert not other.exists()
    assert await shop_kit.sql("PRAGMA journal_mode") == [{"journal_mode": "wal"}]


async def test_the_schema_can_be_read(shop_kit: Kit) -> None:
    assert "note" in [row["name"] for row in await shop_kit.sql("PRAGMA table_info(orders)")]
