from importlib.metadata import version

import pytest

from kailash_testkit import ApiClient, RowNotFound
from tests.factories import products


async def test_creating_a_product_stores_what_was_sent(api: ApiClient) -> None:
    body = products.payload(details={"organic": True, "grams": 100})

    response = await api.expect(201).post("/products", json=body)

    stored = await products.get(response.json()["id"])
    assert stored.matches(**body)
    assert stored.as_json().items() >= body.items()


@pytest.mark.parametrize("price", [0, -1])
async def test_a_price_must_be_positive(api: ApiClient, price: float) -> None:
    await api.expect(422).post("/products", json=products.payload() | {"price": price})
    assert await products.count() == 0


# DataFlow deletes softly since 2.14; before, the model's soft_delete has no effect but on lists.
@pytest.mark.skipif(version("kailash-dataflow").startswith("2.13."), reason="needs kailash-dataflow 2.14")
async def test_a_deleted_product_is_hidden_but_kept(api: ApiClient) -> None:
    product = await products.create()

    await api.expect(204).delete(f"/products/{product.id}")

    await api.expect(404).get(f"/products/{product.id}")
    with pytest.raises(RowNotFound, match="soft-deleted"):
        await products.get(product.id)
    (kept,) = await products.rows(include_deleted=True)
    assert kept.deleted_at is not None


async def test_all_products_are_listed_not_only_the_first_ten() -> None:
    await products.create_many(12)
    assert len(await products.rows()) == await products.count() == 12
