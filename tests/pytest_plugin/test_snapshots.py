"""`assert_only(snapshot())` with inline-snapshot: it fills itself in, and fails when other rows change."""

from __future__ import annotations

import pytest
from inner_session import Project

pytest.importorskip("inline_snapshot")
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.slow]

FILE = "test_it.py"
TEST = """
    from inline_snapshot import snapshot
    from kailash_testkit import Factory
    from shop.models import Item

    items = Factory(Item)

    async def test_changes(kit):
        item = await items.create(name="a")
        with kit.changes() as changes:
            await items.update(item.id, name="b")
            await items.create(name="c")
        changes.assert_only(snapshot({}))
"""


def test_an_empty_snapshot_is_filled_in_and_then_holds(shop: Project) -> None:
    shop.write({FILE: TEST.format("")})
    shop.run("--inline-snapshot=create")
    text = (shop.path / FILE).read_text()
    assert 'items.updated(item.id, name="b")' in text
    assert 'items.created(name="c")' in text
    for mode in ("disable", "short-report"):
        shop.run(f"--inline-snapshot={mode}").result.assert_outcomes(passed=1)
    assert (shop.path / FILE).read_text() == text


def test_a_snapshot_of_something_else_fails(shop: Project) -> None:
    shop.write({FILE: TEST.format('[items.updated(item.id, name="x"), items.created(name=str("c"))]')})
    for mode in ("disable", "short-report"):
        outcome = shop.run(f"--inline-snapshot={mode}")
        assert "1 failed" in outcome.output
        assert "UnexpectedChanges: the database did not change as " in outcome.output
    shop.run("--inline-snapshot=fix")
    text = (shop.path / FILE).read_text()
    assert 'items.updated(item.id, name="b")' in text
    assert 'items.created(name=str("c"))' in text  # met by what happened: left as it was
    shop.run("--inline-snapshot=disable").result.assert_outcomes(passed=1)


def test_what_the_code_needs_must_be_imported(shop: Project) -> None:
    test = TEST.replace("items = Factory(Item)", "").replace("items.", "kit.factory(Item).").format("")
    shop.write({FILE: test})
    outcome = shop.run("--inline-snapshot=create")
    assert "ConfigurationError: the snapshot of these changes would name" in outcome.output
    assert "do:  from kailash_testkit import created, updated" in outcome.output
    assert "snapshot()" in (shop.path / FILE).read_text()
