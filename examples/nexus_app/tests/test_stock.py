import pytest

from kailash_testkit import AnsweredFromRecord, ApiClient, Factory, Kit, UnexpectedStatus

items = Factory("Item", quantity=5)


async def test_a_new_item_is_stored(kit: Kit, api: ApiClient) -> None:
    with kit.changes() as changes:
        item = await api.workflow("create_item", name="Tea", quantity=3)

    changes.assert_only(items.created(id=item["id"], name="Tea", quantity=3))


async def test_taking_changes_that_item_only(kit: Kit, api: ApiClient) -> None:
    tea, _ = await items.create_many([{"name": "Tea"}, {"name": "Coffee"}])

    with kit.changes() as changes:
        taken = await api.workflow("take_item", id=tea.id, quantity=2)

    assert taken == {"id": tea.id, "quantity": 3}
    changes.assert_only(items.updated(tea.id, quantity=3))


async def test_no_more_than_there_is_can_be_taken(api: ApiClient) -> None:
    tea = await items.create(name="Tea")

    with pytest.raises(UnexpectedStatus, match="only 5 of Tea left"):  # Nexus's log; its answer is an opaque 500
        await api.workflow("take_item", id=tea.id, quantity=6)

    assert await items.get(tea.id) == tea


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_starts_without_records(api: ApiClient, turn: int) -> None:
    await api.workflow("create_item", name="Tea")
    assert await items.count() == 1


async def test_the_same_request_twice(api: ApiClient) -> None:
    await api.workflow("create_item", name="Tea")
    with pytest.raises(AnsweredFromRecord):
        await api.workflow("create_item", name="Tea")
    assert await items.count() == 1

    await api.with_headers({"X-Durable": "false"}).workflow("create_item", name="Tea")
    assert await items.count() == 2
