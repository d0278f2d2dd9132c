"""Traits, transient parameters, choices and hooks; every modifier leaves the factory that it is called on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from related_models import Graph
from sample_app import Status

from kailash_testkit import Factory, Row, choice, derived, related, sequence, transient
from kailash_testkit.errors import CircularValues, DeclarationError, FieldTypeError, UnknownField, UnknownTrait
from kailash_testkit.factories import random_seed
from kailash_testkit.factories.base import FactoryBase
from kailash_testkit.kit import Kit

# --- traits --------------------------------------------------------------------------------------


def test_a_trait_is_a_named_set_of_values(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", note="n").trait("paid", status="paid").trait("large", total=1000.0, note="L")
    paid = orders.with_traits("paid").build()
    assert (paid["status"], paid["note"]) == (Status.PAID, "n")
    assert "status" not in orders.build()
    both = orders.with_traits("paid", "large").build()
    assert (both["status"], both["total"], both["note"]) == (Status.PAID, 1000.0, "L")


def test_what_is_modified_last_wins(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order").trait("a", note="a").trait("b", note="b")
    assert orders.with_traits("a", "b").build()["note"] == "b"
    assert orders.with_traits("b", "a").build()["note"] == "a"
    assert orders.with_traits("a").using(note="u").build()["note"] == "u"
    assert orders.using(note="u").with_traits("a").build()["note"] == "a"
    assert orders.with_traits("a").build(note="given")["note"] == "given"
    assert orders.trait("a", note="again").with_traits("a").build()["note"] == "again"


def test_a_trait_may_hold_declarations(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order").trait("noted", note=sequence("note {}"))
    assert [orders.with_traits("noted").build()["note"] for _ in range(2)] == ["note 1", "note 2"]


def test_a_trait_may_set_a_field_named_name_or_self(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer").trait("ada", name="Ada")
    assert customers.with_traits("ada").build()["name"] == "Ada"


def test_an_unknown_trait_is_refused_with_the_nearest() -> None:
    orders = Factory("Order").trait("paid", status="paid")
    with pytest.raises(UnknownTrait, match=r"(?s)Order has no trait .piad.: did you mean .paid..*traits are"):
        orders.with_traits("piad")
    with pytest.raises(UnknownTrait, match="its traits are: none"):
        Factory("Order").with_traits("paid")


def test_a_misspelt_field_of_a_trait_is_refused_when_a_row_is_made(sync_kit: Kit) -> None:
    with pytest.raises(UnknownField, match="did you mean 'status'"):
        sync_kit.factory("Order").trait("paid", sttaus="paid").with_traits("paid").build()


def test_a_trait_may_be_a_method_of_a_subclass(sync_kit: Kit) -> None:
    class Orders(Factory):
        def paid(self) -> Self:
            return self.using(status="paid")

        def noted(self, note: str) -> Self:
            return self.using(note=note)

    orders = Orders("Order", dataflow=sync_kit.dataflow)
    made = orders.paid().noted("x").paid()
    assert type(made) is Orders
    assert made.build()["note"] == "x"


# --- traits by keyword, and with more than values -------------------------------------------------


def test_a_trait_is_switched_on_by_its_name(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", note="n").trait("paid", status="paid", note="p").trait("gift", note="g")
    assert orders.build(paid=True)["status"] is Status.PAID
    assert "status" not in orders.build(paid=False)
    assert orders.build(paid=True, gift=True)["note"] == "g"
    assert orders.build(paid=True, note="given")["note"] == orders.build(note="given", paid=True)["note"] == "given"
    assert [row["note"] for row in orders.build_many([{"paid": True}, {}, {"gift": True}])] == ["p", "n", "g"]
    assert orders.using(paid=True, note="u").build()["note"] == "u"
    assert "paid" not in orders.payload(paid=True)


def test_a_trait_may_switch_on_others(sync_kit: Kit) -> None:
    orders = (
        sync_kit.factory("Order")
        .trait("paid", status="paid", note="p")
        .trait("vip", paid=True, total=9.0)
        .trait("own", lambda orders: orders.with_traits("vip"), note="o")
    )
    built = orders.build(own=True)
    assert (built["status"], built["total"], built["note"]) == (Status.PAID, 9.0, "o")


def test_traits_that_switch_each_other_on_are_refused(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order").trait("a", b=True).trait("b", lambda orders: orders.with_traits("a"))
    with pytest.raises(CircularValues, match="traits of Order switch each other on: a -> b -> a"):
        orders.with_traits("a")
    assert orders.trait("b", note="b").with_traits("a").build()["note"] == "b"


def test_a_field_or_a_parameter_of_the_name_comes_first(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer").trait("is_active", name="by trait")
    assert customers.build(is_active=True)["name"] != "by trait"
    assert customers.with_traits("is_active").build()["name"] == "by trait"
    noted = sync_kit.factory("Customer", vip=transient(False)).trait("vip", name="by trait")
    assert noted.build(vip=True)["name"] != "by trait"


def test_what_is_no_bool_does_not_switch_a_trait(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order").trait("paid", status="paid")
    with pytest.raises(FieldTypeError, match=r"its trait 'paid' is switched on by True, not by 'yes'"):
        orders.build(paid="yes")
    with pytest.raises(UnknownField, match="Order has no field 'piad'"):
        orders.build(piad=True)


async def test_a_trait_may_hold_children_relations_and_hooks(graph: Graph) -> None:
    seen: list[Any] = []
    orders = graph.orders.trait(
        "full",
        lambda orders: orders.with_children(graph.lines.trait("two", quantity=2), [{"two": True}, {}]).after_create(
            lambda row: seen.append(row.id)
        ),
        customer_id=related(graph.customers.using(name="Ada")),
    )
    order, _ = await orders.create_many([{"full": True}, {}])
    assert [row.quantity for row in await graph.lines.rows(order_by="-quantity")] == [2, 1]
    assert (await graph.customers.get(order.customer_id)).name == "Ada"
    assert seen == [order.id]


@pytest.mark.parametrize("change", [lambda orders: None, lambda orders: Factory("Customer")])
def test_a_trait_whose_function_returns_no_factory_of_its_model_is_refused(sync_kit: Kit, change: Any) -> None:
    with pytest.raises(DeclarationError, match="the function of trait 'x' returned"):
        sync_kit.factory("Order").trait("x", change).with_traits("x")
    with pytest.raises(DeclarationError, match="what a trait changes is a function"):
        Factory("Order").trait("x", {"status": "paid"})  # type: ignore[arg-type]


# --- transient parameters ------------------------------------------------------------------------


async def test_a_transient_parameter_is_used_by_other_values_and_not_stored(shop_kit: Kit) -> None:
    orders = shop_kit.factory("Order", vip=transient(False), note=derived(lambda row: "VIP" if row.vip else "-"))
    assert [(await orders.create(vip=vip)).note for vip in (True, False)] == ["VIP", "-"]
    assert (await orders.using(vip=True).create()).note == "VIP"
    assert "vip" not in orders.using(vip=True).build()
    assert "vip" not in orders.payload(vip=True)
    rows = await orders.create_many([{"vip": True}, {}])
    assert [row.note for row in rows] == ["VIP", "-"]


def test_a_transient_parameter_may_be_a_declaration(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", no=transient(sequence("{}")), note=derived(lambda row: f"no {row.no}"))
    assert [orders.build()["note"] for _ in range(2)] == ["no 1", "no 2"]


def test_a_transient_parameter_is_no_field(sync_kit: Kit) -> None:
    with pytest.raises(DeclarationError, match=r"transient\(\.\.\.\) for Order\.note, which is a field"):
        sync_kit.factory("Order", note=transient("x")).build()


# --- choices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "declared", [choice("open", "paid"), choice(Status), choice(["open", "paid"]), choice(s for s in Status)]
)
def test_a_choice_is_one_of_its_options(sync_kit: Kit, declared: Any) -> None:
    made = {row["status"] for row in sync_kit.factory("Order", status=declared).build_many(40)}
    assert made == {Status.OPEN, Status.PAID}


def test_a_choice_of_lists_is_one_of_the_lists(sync_kit: Kit) -> None:
    made = sync_kit.factory("Kinds", tags=choice(["a"], ["b"])).build_many(30)
    assert {tuple(row["tags"]) for row in made} == {("a",), ("b",)}


def test_another_seed_chooses_otherwise_and_the_same_seed_the_same(sync_kit: Kit) -> None:
    def chosen(seed: int) -> list[Any]:
        from kailash_testkit.factories import numbering

        numbering.start(numbering.Numbering(node_id="a test"))
        with random_seed.seeded(seed):
            return [row["note"] for row in sync_kit.factory("Order", note=choice(*"abcdefgh")).build_many(20)]

    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)


def test_nothing_to_choose_from_is_refused() -> None:
    for options in ((), ([],)):
        with pytest.raises(DeclarationError, match=r"choice\(\) has nothing to choose from"):
            choice(*options)
    assert repr(choice("a", "b")) == "choice('a', 'b')"


# --- hooks ---------------------------------------------------------------------------------------


async def test_hooks_see_each_stored_row_in_order(shop_kit: Kit) -> None:
    seen: list[tuple[str, Any]] = []

    async def later(row: Row) -> None:
        await asyncio.sleep(0)
        assert await shop_kit.exists("Order", id=row.id)
        seen.append(("async", row.id))

    orders = shop_kit.factory("Order").after_create(lambda row: seen.append(("sync", row.id))).after_create(later)
    rows = await orders.create_many(2)
    assert seen == [(kind, row.id) for row in rows for kind in ("sync", "async")]


async def test_a_hook_may_take_the_values_with_transient_parameters(shop_kit: Kit) -> None:
    async def hook(row: Row, values: Any) -> None:
        await shop_kit.update("Order", row.id, note=f"{values.lines} lines for {values.customer_id}")

    orders = shop_kit.factory("Order", lines=transient(1)).after_create(hook)
    assert (await orders.create(lines=3, customer_id="c")).note == "3 lines for c"


async def test_create_returns_the_row_as_a_hook_left_it(shop_kit: Kit) -> None:
    async def pay(row: Row) -> None:
        await shop_kit.update("Order", row.id, status="paid")

    assert (await shop_kit.factory("Order").after_create(pay).create()).status is Status.PAID


async def test_hooks_of_parents_and_children_run(graph: Graph) -> None:
    seen: list[str] = []

    def noting(name: str) -> Callable[[Row], None]:
        return lambda row: seen.append(name)

    orders = graph.orders.after_create(noting("order"))
    customers = graph.customers.after_create(noting("customer"))
    await customers.with_children(orders, 2).create()
    assert seen == ["customer", "order", "order"]


async def test_a_hooks_error_comes_through(shop_kit: Kit) -> None:
    with pytest.raises(ZeroDivisionError):
        await shop_kit.factory("Order").after_create(lambda row: 1 / 0).create()


async def test_hooks_of_stored_rows_do_not_run_for_values_only(shop_kit: Kit) -> None:
    shop_kit.factory("Order").after_create(lambda row: 1 / 0).before_create(lambda values: 1 / 0).build()


async def test_after_build_changes_values_that_are_built_and_stored(shop_kit: Kit) -> None:
    def mark(values: Any, row: Any) -> None:
        values["note"] = f"{values['note']} {row.extra}"

    orders = shop_kit.factory("Order", note="n", extra=transient("x")).after_build(mark)
    assert (orders.build()["note"], orders.payload(extra="y")["note"]) == ("n x", "n y")
    assert [row.note for row in await orders.create_many(2)] == ["n x", "n x"]


async def test_before_create_comes_last_and_when_the_parents_are_stored(graph: Graph, graph_kit: Kit) -> None:
    async def look(values: Any) -> None:
        order = await graph_kit.get("Order", values["order_id"])
        values["product"] += f" of {order.customer_id}"

    lines = graph.lines.using(product="p").before_create(look).after_build(lambda values: values.update(product="b"))
    line = await lines.create()
    assert line.product == f"b of {(await graph.customers.rows())[0].id}"


async def test_what_a_hook_makes_of_the_values_is_checked(shop_kit: Kit) -> None:
    customers = shop_kit.factory("Customer")
    with pytest.raises(FieldTypeError, match=r"Customer\.name: expected str"):
        customers.after_build(lambda values: values.update(name=3)).build()
    with pytest.raises(UnknownField, match="Customer has no field 'nmae'"):
        await customers.before_create(lambda values: values.update(nmae="x")).create()
    with pytest.raises(FieldTypeError, match="a hook of before_create changed the id"):
        await customers.before_create(lambda values: values.update(id="other")).create()
    assert await customers.count() == 0


async def test_an_error_before_a_row_is_stored_leaves_nothing(graph: Graph) -> None:
    with pytest.raises(ZeroDivisionError):
        await graph.lines.before_create(lambda values: 1 / 0).create_many(2)
    assert await graph.orders.count() == await graph.customers.count() == 0


def test_values_only_cannot_await_a_hook(sync_kit: Kit) -> None:
    async def hook(values: Any) -> None: ...

    with pytest.raises(DeclarationError, match="has an async hook of after_build"):
        sync_kit.factory("Order").after_build(hook).build()


# --- immutability --------------------------------------------------------------------------------

Modifier = Callable[[Factory], Factory]
TAGS = ["x", {"y": [1]}]
MODIFIERS: dict[str, Modifier] = {
    "using": lambda factory: factory.using(note="u", tags=TAGS),
    "trait": lambda factory: factory.trait("t", note="t", tags=TAGS),
    "with_traits": lambda factory: factory.with_traits("t0"),
    "after_create": lambda factory: factory.after_create(print),
    "with_children": lambda factory: factory.with_children(Factory("Line"), [{"tags": TAGS}], via="order_id"),
}


def state(factory: FactoryBase) -> Any:
    definition = vars(factory)["_definition"]
    children = [(each.given, each.via) for each in definition.children]
    return deepcopy((definition.defaults, definition.traits, children)), definition.hooks, definition.model


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from(sorted(MODIFIERS))), max_size=12))
def test_no_modifier_changes_any_factory(steps: list[tuple[int, str]]) -> None:
    made = [Factory("Order", tags=TAGS).trait("t0", status="paid", tags=TAGS)]
    before = [state(made[0])]
    for place, name in steps:
        result = MODIFIERS[name](made[place % len(made)])
        assert result not in made
        assert [state(factory) for factory in made] == before
        made.append(result)
        before.append(state(result))


def test_nothing_is_shared_between_rows_or_with_what_was_given(sync_kit: Kit) -> None:
    tags = ["x", {"y": [1]}]
    kinds = sync_kit.factory("Kinds", tags=tags, mapping={"a": tags}).trait("t", items=tags)
    wanted = deepcopy(tags)
    tags.append("later")
    for factory in (kinds, kinds.with_traits("t")):
        one, other = factory.build_many(2)
        one["tags"][1]["y"].append(2)
        one["mapping"]["a"].clear()
        one["items"].append(1)
        assert (other["tags"], other["mapping"]) == (wanted, {"a": wanted})
    assert kinds.build()["tags"] == wanted
    assert kinds.with_traits("t").build()["items"] == wanted


def test_build_many_takes_what_create_many_takes(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order")
    assert [row["note"] for row in orders.build_many([{"note": "a"}, {"note": "b"}])] == ["a", "b"]
    with pytest.raises(FieldTypeError):
        orders.build_many("ab")  # type: ignore[arg-type]
