"""Multi-tenant models: rows belong to the active tenant, and without one nothing runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from sample_app import in_this_loop, make_db, register

from kailash_testkit import derived
from kailash_testkit.changes import created, deleted, updated
from kailash_testkit.errors import (
    ConfigurationError,
    ManagedField,
    MissingField,
    RowNotFound,
    SeedingFailed,
    TenantRequired,
    UnexpectedChanges,
)
from kailash_testkit.kit import Kit


def test_a_tenant_of_a_dataflow_without_tenants_is_refused(open_shop: Kit) -> None:
    named = r"kit\.tenant\('red'\): this DataFlow is not multi-tenant"
    with pytest.raises(ConfigurationError, match=named), open_shop.tenant("red"):
        pass


@pytest.fixture(scope="module")
def tenant_db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    db = make_db(tmp_path_factory.mktemp("tenants") / "tenants.db", multi_tenant=True)
    register(db, "Note", id=str, text=str)
    register(db, "Owned", id=int, text=str, tenant_id=str)
    register(db, "Paper", id=str, text=str, config={"soft_delete": True})
    yield db
    db.close()


@pytest.fixture(scope="module")
def open_kit(tenant_db: Any) -> Iterator[Kit]:
    kit = Kit(tenant_db).open()
    yield kit
    kit.close()


@pytest.fixture
async def kit(open_kit: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kit) as kit:
        yield kit


@pytest.mark.parametrize(
    "use",
    [
        lambda kit: kit.create("Note"),
        lambda kit: kit.get("Note", "a"),
        lambda kit: kit.rows("Note"),
        lambda kit: kit.count("Note"),
        lambda kit: kit.exists("Note"),
        lambda kit: kit.find("Note"),
        lambda kit: kit.update("Note", "a", text="x"),
        lambda kit: kit.delete("Note", "a"),
        lambda kit: kit.execute("Note", "List", {}),
    ],
)
async def test_without_a_tenant_nothing_runs(kit: Kit, use: Callable[[Kit], Any]) -> None:
    with pytest.raises(
        TenantRequired, match=r'(?s)Note belongs to a tenant, and none is active.*kit\.tenant\("acme"\)'
    ):
        await use(kit)


@pytest.mark.parametrize("model", ["Note", "Owned", "Paper"])
async def test_a_row_belongs_to_the_active_tenant_declared_or_not(kit: Kit, model: str) -> None:
    with kit.tenant("acme"):
        row = await kit.create(model)
        assert row.tenant_id == "acme"
        assert await kit.get(model, row.id) == row
        assert (await kit.update(model, row.id, text="new")).text == "new"
        await kit.delete(model, row.id)
        assert await kit.count(model) == 0


@pytest.mark.parametrize("model", ["Note", "Owned"])
async def test_the_active_tenant_may_be_given_another_may_not(kit: Kit, model: str) -> None:
    with kit.tenant("acme"):
        assert (await kit.create(model, tenant_id="acme")).tenant_id == "acme"
        with pytest.raises(
            ManagedField, match=f"(?s){model}.tenant_id cannot be 'bolt'.*'acme'.*kit.tenant\\('bolt'\\)"
        ):
            await kit.create(model, tenant_id="bolt")
        assert await kit.count(model) == 1


async def test_tenants_do_not_see_each_others_rows(kit: Kit) -> None:
    with kit.tenant("acme"):
        row = await kit.create("Note")
    with kit.tenant("bolt"):
        assert await kit.rows("Note") == []
        assert await kit.count("Note") == 0
        assert not await kit.exists("Note", id=row.id)


@pytest.mark.parametrize("model", ["Note", "Owned", "Paper"])
async def test_another_tenants_row_cannot_be_read_changed_or_deleted(kit: Kit, model: str) -> None:
    with kit.tenant("acme"):
        row = await kit.create(model)
    with kit.tenant("bolt"):
        for use in (kit.get(model, row.id), kit.update(model, row.id, text="x"), kit.delete(model, row.id)):
            with pytest.raises(RowNotFound) as caught:
                await use
            assert f"no {model} with id {row.id!r} is visible to tenant 'bolt'" in str(caught.value)
            assert "belongs to tenant 'acme'" in str(caught.value)
    with kit.tenant("acme"):
        assert await kit.get(model, row.id) == row


async def test_a_row_cannot_be_moved_to_another_tenant(kit: Kit) -> None:
    with kit.tenant("acme"):
        row = await kit.create("Note")
        with pytest.raises(ManagedField, match=r"Note.tenant_id cannot be changed"):
            await kit.update("Note", row.id, tenant_id="bolt")


async def test_an_id_that_another_tenant_has_is_taken(kit: Kit) -> None:
    with kit.tenant("acme"):
        await kit.create("Note", id="a")
    with kit.tenant("bolt"), pytest.raises(SeedingFailed, match=r"rows 1 and 2 have the same Note\.id 'a'"):
        await kit.create("Note", id="a")


async def test_tenants_nest(kit: Kit) -> None:
    with kit.tenant("acme"):
        with kit.tenant("bolt"):
            assert (await kit.create("Note")).tenant_id == "bolt"
        assert (await kit.create("Note")).tenant_id == "acme"
    with pytest.raises(TenantRequired):
        await kit.create("Note")


async def test_the_tenant_cannot_be_derived_from(kit: Kit) -> None:
    owned = kit.factory("Owned", text=derived(lambda row: row.tenant_id))
    with kit.tenant("acme"), pytest.raises(MissingField, match=r"Owned.tenant_id is not known"):
        await owned.create()


async def test_the_tenant_holds_for_the_synchronous_twins(kit: Kit) -> None:
    with kit.tenant("acme"):
        assert kit.create_sync("Note").tenant_id == "acme"
        assert kit.count_sync("Note") == 1


async def test_the_ledger_expects_rows_of_the_active_tenant(kit: Kit) -> None:
    with kit.tenant("acme"):
        seen = await kit.create("Note", text="a")
    with kit.tenant("bolt"):
        with kit.changes() as changes, kit.tenant("acme"):
            row = await kit.create("Note", text="b")
            await kit.update("Note", seen.id, text="c")
        for expected in (
            [created("Note", text="b"), updated("Note", seen.id, tenant_id="acme", text="c")],
            [created("Note", text="b", tenant_id="acme"), updated("Note", seen.id, text="c")],
        ):
            with pytest.raises(UnexpectedChanges, match="belongs to tenant 'acme', and the active tenant is 'bolt'"):
                changes.assert_only(*expected)
    with kit.tenant("acme"):
        changes.assert_only(created("Note", text="b"), updated("Note", seen.id, text="c"))
        with kit.changes() as gone:
            await kit.delete("Note", row.id)
    gone.assert_only(deleted("Note", row.id))
    with kit.tenant("bolt"), pytest.raises(UnexpectedChanges, match="belongs to tenant 'acme'"):
        gone.assert_only(deleted("Note", row.id))
