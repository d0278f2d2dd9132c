"""`fake` and `with_fakes`: values of Faker and mimesis, as stable as all others."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from annotated_types import MaxLen, MinLen
from sample_app import make_db, register

from kailash_testkit import Factory, fake, sequence
from kailash_testkit.errors import DeclarationError
from kailash_testkit.factories import numbering, random_seed
from kailash_testkit.factories.numbering import Numbering
from kailash_testkit.kit import Kit


def faked(kit: Kit, seed: int = 0) -> list[dict[str, Any]]:
    numbering.start(Numbering(node_id="test"))
    with random_seed.seeded(seed):
        customers = kit.factory("Customer", name=fake("name"), email=fake("email"), nickname=fake("city", locale="de"))
        return customers.build_many(5)


def test_fake_values_are_as_stable_as_all_others(sync_kit: Kit) -> None:
    import faker

    first = faked(sync_kit)
    faker.Faker.seed(3)
    faker.Faker().name()
    assert faked(sync_kit) == first
    assert [row["name"] for row in faked(sync_kit, seed=1)] != [row["name"] for row in first]
    assert len({row["name"] for row in first}) > 1


def test_a_fake_value_in_a_unique_field_gets_the_rows_number(sync_kit: Kit, new_db: Any) -> None:
    emails = [row["email"] for row in faked(sync_kit)]
    assert [email.partition("@")[0].rpartition("-")[2] for email in emails] == ["1", "2", "3", "4", "5"]
    db = new_db()
    unique = {"indexes": [{"name": "code", "fields": ["code"], "unique": True}]}
    register(db, "Coupon", id=int, code=str, config=unique)
    with Kit(db) as kit:
        rows = kit.factory("Coupon", code=fake("random_element", elements=["a"])).build_many(2)
    assert [row["code"] for row in rows] == ["a 1", "a 2"]


def test_a_fake_value_takes_arguments(sync_kit: Kit) -> None:
    rows = sync_kit.factory("Entry", amount=fake("pyint", min_value=3, max_value=4)).build_many(20)
    assert {row["amount"] for row in rows} == {3, 4}


@pytest.mark.parametrize(("name", "hint"), [("emial", "did you mean 'email'"), ("_Generator__config", "no such")])
def test_a_provider_that_faker_does_not_have_is_refused(sync_kit: Kit, name: str, hint: str) -> None:
    with pytest.raises(DeclarationError, match=rf"(?s)fake\('{name}'\): Faker has no such provider.*") as caught:
        sync_kit.factory("Order", note=fake(name)).build()
    assert hint in str(caught.value)


# --- providers of one's own, locales, mimesis ------------------------------------------------------


def test_a_function_makes_a_value_of_the_seeded_library(sync_kit: Kit) -> None:
    def code(faker: Any, form: str = "??-##") -> str:
        return str(faker.bothify(form))

    orders = sync_kit.factory("Order", note=fake(code, locale="de_DE"), customer_id=fake(code, form="?"))
    numbering.start(Numbering())
    first, second = orders.build_many(2)
    numbering.start(Numbering())
    assert first == orders.build() != second
    assert (len(first["note"]), len(first["customer_id"])) == (5, 1)


def test_a_provider_of_ones_own_is_added(sync_kit: Kit) -> None:
    from faker.providers import BaseProvider

    class Books(BaseProvider):
        def isbn_like(self) -> str:
            return str(self.numerify("978-#######"))

    orders = sync_kit.factory("Order", note=fake("isbn_like", providers=[Books]))
    assert orders.build()["note"].startswith("978-")
    with pytest.raises(DeclarationError, match="no such provider"):  # others are left as they are
        sync_kit.factory("Order", note=fake("isbn_like")).build()


def test_mimesis_is_as_stable(sync_kit: Kit) -> None:
    def made(seed: int) -> list[dict[str, Any]]:
        numbering.start(Numbering(node_id="test"))
        with random_seed.seeded(seed):
            name = fake("person.full_name", library="mimesis", locale="de")
            return sync_kit.factory("Customer", name=name, email=fake("person.email", library="mimesis")).build_many(4)

    assert made(0) == made(0)
    assert made(0) != made(1)
    assert [row["email"].partition("@")[0].rpartition("-")[2] for row in made(0)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (fake("person.emial", library="mimesis"), "did you mean 'email'"),
        (fake("persn.email", library="mimesis"), "did you mean 'person'"),
        (fake("email", library="mimesis"), "does not say which of its providers"),
        (fake("name", locale="xx_XX"), "no such locale"),
        (fake("person.email", library="mimesis", locale="de_DE"), "no such locale"),
    ],
)
def test_what_a_library_does_not_have_is_refused(sync_kit: Kit, wrong: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        sync_kit.factory("Order", note=wrong).build()


@pytest.mark.parametrize("wrong", [3, None, Factory])
def test_a_fake_is_of_a_provider(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match="is about no provider"):
        fake(wrong)
    with pytest.raises(DeclarationError, match="write 'faker' or 'mimesis'"):
        fake("email", library="other")  # type: ignore[arg-type]


# --- chosen by name --------------------------------------------------------------------------------

LONG = {
    "id": str,
    "email": str,
    "home_phone": str,
    "iban": str,
    "city": Annotated[str, MaxLen(3)],
    "country": Annotated[str, MinLen(20)],
    "company_name": (str, "Acme"),
    "first_name": str,
    "name": str,
    "zip": int,
    "config": {"indexes": [{"name": "email", "fields": ["email"], "unique": True}]},
}


@pytest.fixture
def people(tmp_path: Any) -> Any:
    db = make_db(tmp_path / "people.db")
    register(db, "Person", **LONG)
    with Kit(db) as kit:
        yield kit.factory("Person")
    db.close()


def test_required_texts_look_real_where_their_names_say_what_they_are(people: Any) -> None:
    plain, made = people.build(), people.with_fakes("de_DE").build()
    assert plain["iban"] == "Person iban 1"
    assert made["iban"].startswith("DE")
    assert "-2@example." in made["email"]  # it is unique
    assert "Person" not in made["home_phone"] + made["first_name"]
    assert made["name"] == "Person name 2"  # of a person, a product or a file: nobody knows
    assert len(made["city"]) == 3
    assert made["country"].endswith("Person country 2")  # more than a greatest length is demanded
    assert made["zip"] == 2
    assert "company_name" not in made  # it has a default


def test_what_is_declared_comes_first_and_one_table_serves_all_factories(people: Any) -> None:
    table = {"name": fake("name"), "sku": fake("ean"), "company_name": fake("company")}
    made = people.using(first_name=sequence("P{}")).with_fakes(**table).build()
    assert made["first_name"] == "P1"
    assert "Person" not in made["name"]
    assert made["company_name"] != "Acme"
    assert people.with_fakes(**table).using(name="Ada").build()["name"] == "Ada"


def test_mimesis_gives_what_it_has(people: Any) -> None:
    made = people.with_fakes("de", library="mimesis").build()
    assert made["email"].endswith(("@example.com", "@example.org"))
    assert made["iban"] == "Person iban 1"  # mimesis has none
    assert "Person" not in made["first_name"]


async def test_they_are_stored_as_they_are_made(shop_kit: Kit) -> None:
    rows = await shop_kit.factory("Customer").with_fakes("fr_FR").create_many(20)
    assert len({row.email for row in rows}) == 20
