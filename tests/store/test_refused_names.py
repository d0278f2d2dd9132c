"""A model that DataFlow makes no table for is named, with DataFlow's reason."""

from __future__ import annotations

from typing import Any

import pytest
from sample_app import make_db, register

from kailash_testkit.errors import UnstorableField
from kailash_testkit.kit import Kit


async def test_a_name_that_dataflow_refuses_is_named_with_its_reason(tmp_path: Any) -> None:
    db = make_db(tmp_path / "names.db")
    register(db, "Size", id=int, straße=str)
    register(db, "Note", id=int, text=str)
    async with Kit(db) as kit:
        with pytest.raises(UnstorableField, match=r"Size\.straße(?s:.*)DataFlow says: \w+: Invalid SQL identifier"):
            await kit.create("Size", straße="Ä")
        with pytest.raises(UnstorableField, match="letters from A to Z"):  # each time
            await kit.count("Size")
        assert (await kit.create("Note", text="Ä")).text == "Ä"  # the others are there
    db.close()
