"""Given only the DataFlow of an application that knows nothing of the kit, every model has rows without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from application_models import a_uuid, register_late, register_models, register_unstorable
from sample_app import in_this_loop, make_db

from kailash_testkit import sequence
from kailash_testkit.errors import SeedingFailed, UnstorableField
from kailash_testkit.factories import numbering
from kailash_testkit.factories.numbering import Numbering
from kailash_testkit.kit import Kit

MODELS = (
    "AuditEvent", "Address", "ApiKey", "Attachment", "Comment", "Empty", "HTTPRequestLog", "Invoice", "InvoiceLine",
    "Label", "Metric", "Notification", "Organization", "Permission", "PluginState", "Projects", "Report", "Session",
    "Setting", "Task", "User", "Webhook", "user_roles",
)  # fmt: skip
UNSTORABLE = {
    "Payment": "Payment.amount is declared Decimal, which DataFlow cannot store",
    "Device": "Device.id is declared UUID, which DataFlow cannot store",
    "Holiday": "Holiday.day is declared date, which DataFlow cannot store",
    "Avatar": "Avatar.image is declared bytes, which DataFlow cannot store",
    "Ticket": "Ticket.state is declared Literal['open', 'closed'], which DataFlow cannot store",
    "Cache": "Cache.value is declared Any, which DataFlow cannot store",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Any:
    db = make_db(tmp_path_factory.mktemp("application") / "app.db")
    register_models(db)
    kit = Kit(db).open()
    register_late(db)  # after the kit made the tables
    register_unstorable(db)
    yield kit
    kit.close()
    db.close()


@pytest.fixture
async def kit(application: Kit) -> AsyncIterator[Kit]:
    numbering.start(Numbering())
    async with in_this_loop(application) as kit:
        yield kit


def test_the_application_is_one_of_some_size(application: Kit) -> None:
    assert set(application.dataflow.get_models()) == {*MODELS, *UNSTORABLE}
    assert len(MODELS) + len(UNSTORABLE) >= 25


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
async def test_a_row_of_every_model_is_created_without_arguments(kit: Kit, model: str) -> None:
    row = await kit.create(model)
    assert await kit.get(model, row.id) == row
    with numbering.within(Numbering("session")):
        wider = await kit.create(model)
    many = await kit.factory(model).create_many(4)
    assert await kit.rows(model, order_by="id") == sorted([row, wider, *many], key=lambda one: one.id)


async def test_a_row_of_a_batch_with_keywords_for_names_is_named(kit: Kit) -> None:
    with pytest.raises(SeedingFailed, match=r"Label was not stored.*\s+row 3 of 4; none of them is stored"):
        await kit.factory("Label", id=sequence(lambda n: "twice" if n > 1 else "once")).create_many(4)
    assert await kit.count("Label") == 0


@pytest.mark.parametrize("model", UNSTORABLE)
async def test_or_one_line_says_why_dataflow_cannot_store_it(kit: Kit, model: str) -> None:
    with pytest.raises(UnstorableField) as caught:
        await kit.create(model)
    assert str(caught.value).splitlines()[0] == UNSTORABLE[model]


async def test_values_suit_their_fields(kit: Kit) -> None:
    user = await kit.create("User")
    assert user.matches(id="user-1", email="user-1@example.com", first_name="User first name 1", role="admin")
    organization = await kit.create("Organization", id=a_uuid())
    assert organization.matches(slug="organization-1", settings={}, is_active=False)
    invoice = await kit.create("Invoice")
    assert (invoice.number, invoice.currency) == (1, "001")
    assert 0 < invoice.tax_rate < 1
    assert (await kit.create("AuditEvent")).payload_json == "{}"
    assert (await kit.create("Webhook")).callback_uri == "https://example.com/webhook-1"
