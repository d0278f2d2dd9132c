"""The generated module as a whole: its form, and that its factories work."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_app import Status, make_db, register, register_shop

from kailash_testkit import Factory, Row, UnknownField, UnknownModel, derived, sequence, transient
from kailash_testkit.errors import KitError
from kailash_testkit.factories.handle import Handle
from kailash_testkit.generate.fixtures import generate_fixtures
from kailash_testkit.generate.module import generate_module
from kailash_testkit.generate.parameters import parameters_of
from kailash_testkit.kit import Kit

pytestmark = pytest.mark.databases("sqlite")

NAME = "generated_for_tests"


@pytest.fixture
def generated(shop_db: Any) -> Iterator[Any]:
    """The module generated for the shop, imported."""
    module = types.ModuleType(NAME)
    sys.modules[NAME] = module
    exec(generate_module(shop_db, "sample_app:make_db"), module.__dict__)
    yield module
    del sys.modules[NAME]


@pytest.fixture
def module_of(new_db: Callable[..., Any]) -> Callable[..., str]:
    """The module generated for models made up by a test: ``module_of(Order={"id": int})``."""

    def make(**models: dict[str, Any]) -> str:
        db = new_db("made-up")
        for name, fields in models.items():
            register(db, name, **fields)
        return generate_module(db, "made:up")

    return make


# --- its form ------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_length", [79, 88, 115, 200])
def test_it_is_formatted_as_ruff_would_and_passes_its_default_rules(
    shop_db: Any, tmp_path: Path, line_length: int
) -> None:
    (tmp_path / "sample_app.py").touch()  # so that it is the project's own module for ruff, too
    assert ruff(generate_module(shop_db, "shop:db", line_length=line_length), tmp_path, line_length) == ""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/generated.py").touch()
    fixtures = generate_fixtures(shop_db, "shop:db", "tests.generated", line_length=line_length)
    assert ruff(fixtures, tmp_path, line_length) == ""


def test_long_names_stay_within_the_line(module_of: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "sample_app.py").touch()
    fields = {"id": str, "a_rather_long_name_of_a_field_with_some_status": (Status | None, None)}
    text = module_of(OrganizationMembershipInvitation=fields, AnotherModelWithALongName=fields)
    assert max(map(len, text.splitlines())) <= 88
    assert ruff(text, tmp_path, 88) == ""


def ruff(text: str, folder: Path, line_length: int) -> str:
    """What ruff would change, or has against a text."""
    (folder / "generated.py").write_text(text)
    options = ["--isolated", "--no-cache", "--line-length", str(line_length), "generated.py"]
    said = ""
    for command in (["format", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options], cwd=folder, capture_output=True, text=True, check=False
        )
        said += done.stdout + done.stderr if done.returncode else ""
    return said


def test_the_same_models_make_the_same_bytes_in_whatever_order_they_were_registered(tmp_path: Path) -> None:
    texts: list[str] = []
    for names in (["B", "A", "C"], ["C", "B", "A"]):
        db = make_db(tmp_path / f"{names[0]}.db")
        for name in names:
            register(db, name, id=int, status=Status, note=(str, ""))
        texts.append(generate_module(db, "shop:db"))
        db.close()
    assert texts[0] == texts[1]


def test_only_some_models_have_the_names_that_they_have_among_all(shop_db: Any) -> None:
    text = generate_module(shop_db, "shop:db", only=["Order"])
    assert "class OrderRow(" in text
    assert "Customer" not in text
    with pytest.raises(UnknownModel, match="did you mean 'Order'"):
        generate_module(shop_db, "shop:db", only=["Ordr"])


def test_models_of_a_function_are_found_by_name_and_it_is_said(shop_db: Any) -> None:
    text = generate_module(shop_db, "shop:db")
    assert 'model="Order"' in text
    assert "- Order: found by its name, because its class cannot be imported." in text


def test_fields_that_cannot_be_given_by_keyword_are_left_out_and_it_is_said(module_of: Callable[..., str]) -> None:
    text = module_of(Odd={"id": int, "class": str})
    assert "- Odd.class: left out, because it cannot be a keyword argument." in text
    compile(text, "generated", "exec")


# --- what it declares agrees with what the library does -------------------------------------------


def test_every_method_of_a_factory_is_declared_and_no_other(shop_db: Any) -> None:
    text = generate_module(shop_db, "shop:db", only=["Order"])
    declared = set(re.findall(r"^ {8}def (\w+)\(", text, re.MULTILINE)) - {"__init__", "__getitem__", "matches"}
    for_all_models = {"get", "get_sync", "delete", "delete_sync", "deleted", "infer_relations"}
    for_all_models |= {"with_parents", "with_parents_sync"}
    assert declared | for_all_models == {name for name in {**vars(Handle), **vars(Factory)} if not name.startswith("_")}


# --- its factories at work ------------------------------------------------------------------------


async def test_rows_are_of_the_generated_class_and_equal_to_untyped_ones(generated: Any, shop_kit: Kit) -> None:
    order = await generated.create_order(status="paid")
    assert type(order) is generated.OrderRow
    assert isinstance(order, Row)
    assert order == await shop_kit.get("Order", order.id)
    assert order.status is Status.PAID
    assert [type(row) for row in await generated.create_orders(2)] == [generated.OrderRow] * 2
    assert type(await generated.orders.get(order.id)) is generated.OrderRow
    assert type(await generated.orders.find(id=order.id)) is generated.OrderRow
    assert type(await generated.orders.update(order.id, note="x")) is generated.OrderRow
    assert {type(row) for row in await generated.orders.rows(total={"$gt": 0.5})} == {generated.OrderRow}
    assert await generated.orders.find(note="nobody's") is None


async def test_rows_can_be_copied_and_pickled(generated: Any, shop_kit: Kit) -> None:
    row = await generated.orders.create()
    for copied in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert copied == row
        assert type(copied) is generated.OrderRow


async def test_fields_named_like_methods_are_columns(generated: Any, shop_kit: Kit) -> None:
    row = await generated.clashes.create(keys="k", json="j", name="n")
    assert (row.keys, row.json, row.name) == ("k", "j", "n")
    assert (await generated.clashes.rows(json="j", keys={"$ne": "x"})) == [row]


def test_a_misspelt_field_is_still_refused_when_the_program_runs(generated: Any, sync_kit: Kit) -> None:
    for call in (generated.build_order, generated.orders.created, generated.orders.rows_sync):
        with pytest.raises(UnknownField, match="did you mean 'status'"):
            call(sttaus="paid")
    row = generated.orders.create_sync()
    with pytest.raises(AttributeError, match="did you mean 'status'"):
        _ = row.sttaus
    with pytest.raises(KitError):
        generated.orders.get_sync("7")


def test_a_factory_is_made_from_defaults_and_for_another_dataflow(
    generated: Any, sync_kit: Kit, new_db: Callable[..., Any]
) -> None:
    factory = generated.OrderFactory(note=sequence("n{}"), total=derived(lambda row: 2.0))
    assert factory.create_sync().note == "n1"
    assert isinstance(factory, Factory)
    assert repr(generated.OrderFactory(note="x")) == "OrderFactory(Order, note='x')"
    other = new_db("other")
    register_shop(other)
    with Kit(other) as kit:
        generated.OrderFactory(other, note="there").create_sync()
        assert kit.count_sync("Order") == 1
    assert sync_kit.count_sync("Order") == 1


def test_a_subclass_with_traits_stays_one(generated: Any, sync_kit: Kit) -> None:
    class Orders(generated.OrderFactory):  # type: ignore[misc, name-defined]
        def paid(self) -> Any:
            return self.using(status="paid")

    orders = Orders(note="mine")
    assert type(orders.paid().using(note="x")) is Orders
    assert orders.paid().create_sync().matches(status="paid", note="mine")
    assert orders.paid().payload()["status"] == "paid"


def test_traits_and_parameters_of_factories_are_keywords(shop_db: Any) -> None:
    orders = Factory("Order", dataflow=shop_db, urgent=transient(False), rush=transient(None)).trait(
        "paid", status="paid"
    )
    module = types.ModuleType("factories_of_tests")
    vars(module).update(orders=orders, other=orders.using(rush=transient(1)).trait("total", total=1.0))
    text = generate_module(shop_db, "shop:db", parameters=parameters_of([module]), factories=["factories_of_tests"])
    fields = text.partition("class OrderFields(")[2].partition("class ")[0]
    assert [line.strip() for line in fields.splitlines() if line.strip()][-3:] == [
        "paid: bool",
        "rush: Any",
        "urgent: bool",
    ]
    assert fields.count("total:") == 1  # of a field's name: the field
    assert "shop:db --factories factories_of_tests`" in text
    assert "paid" not in text.partition("class CustomerFields(")[2].partition("class ")[0]
