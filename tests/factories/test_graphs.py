"""Relations beyond one parent for each row: on a condition, in depth, to stored rows, shared, through a join model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from related_models import Graph, factory
from sample_app import make_db, register

from kailash_testkit import choice, derived, existing, related, sequence, transient
from kailash_testkit.errors import (
    CircularValues,
    DeclarationError,
    FieldTypeError,
    MissingField,
    MultipleRowsFound,
    SeedingFailed,
    UnknownField,
)
from kailash_testkit.factories import random_seed
from kailash_testkit.kit import Kit

# --- on a condition ------------------------------------------------------------------------------


async def test_a_relation_may_depend_on_the_rows_own_values(graph: Graph) -> None:
    gifts = graph.orders.using(
        is_gift=transient(False), gift_for=related(graph.customers, when=lambda row: row.is_gift), org_id=None
    )
    plain, gift = await gifts.create_many([{}, {"is_gift": True}])
    assert plain.gift_for is None
    assert (await graph.customers.get(gift.gift_for)).id != gift.customer_id
    assert await graph.customers.count() == 3  # two buyers, and the one who is given something


async def test_a_trait_brings_a_relation_or_takes_it_away(graph: Graph) -> None:
    orders = graph.orders.trait("gift", gift_for=related(graph.customers)).trait("anonymous", org_id=None)
    order = await orders.create(gift=True, anonymous=True)
    assert await graph.customers.exists(id=order.gift_for)
    assert order.org_id is None


async def test_a_part_of_all_rows_has_it_by_the_seed(graph: Graph) -> None:
    orders = graph.orders.using(gift_for=related(graph.customers, when=0.4), org_id=None, customer_id="c")
    with random_seed.seeded(3):
        made = await orders.create_many(40)
    with_one = [row.gift_for for row in made if row.gift_for is not None]
    assert 4 < len(with_one) < 30
    assert await graph.customers.count() == len(with_one)
    never, always = graph.orders.using(gift_for=related(graph.customers, when=0)), related(graph.customers, when=1.0)
    assert (await never.create()).gift_for is None
    assert (await never.using(gift_for=always).create()).gift_for is not None


async def test_only_the_row_of_the_option_that_is_chosen_is_created(graph: Graph) -> None:
    orders = graph.orders.using(gift_for=choice(related(graph.customers), related(graph.orgs), None), org_id=None)
    made = await orders.using(customer_id="c").create_many(40)
    kinds = {row.gift_for.partition("-")[0] if row.gift_for else None for row in made}
    assert kinds == {"customer", "org", None}
    assert await graph.customers.count() == sum((row.gift_for or "").startswith("customer") for row in made)
    ada = await graph.customers.create()
    assert (await orders.create(gift_for=ada)).gift_for == ada.id


async def test_relations_of_some_rows_stand_in_dicts_and_lists_side_by_side(new_db: Any) -> None:
    db = new_db()
    register(db, "Team", id=int, name=str)
    register(db, "Board", id=int, layout=dict)
    async with Kit(db) as kit:
        teams = kit.factory("Team")
        some, one = related(teams, when=1.0), choice(related(teams), related(teams))
        either = choice({"a": related(teams), "b": related(teams)}, [related(teams), one])
        boards = kit.factory("Board", layout={"owner": some, "all": [one, related(teams), either]})
        for board in await boards.create_many(8):
            owner, [first, second, third] = board.layout["owner"], board.layout["all"]
            third = list(third.values()) if isinstance(third, dict) else third
            assert len({owner, first, second, *third}) == 5
        assert await teams.count() == 40


async def test_what_is_not_known_before_rows_are_stored_decides_nothing(graph: Graph) -> None:
    async def later(row: Any) -> bool:
        return True

    lines = graph.lines.using(product=derived(lambda row: "x"))
    late = lines.using(order_id=related(graph.orders, when=lambda row: row.id > 0))
    with pytest.raises(MissingField, match=r"Line\.id is not known"):
        await late.create()
    awaited = graph.orders.using(gift_for=related(graph.customers, when=lambda row: row.org_id), org_id=derived(later))
    with pytest.raises(DeclarationError, match=r"when=.* asks for org_id, which is not known before"):
        await awaited.create()
    with pytest.raises(DeclarationError, match=r"the function of when=\.\.\. is async"):
        await graph.orders.using(gift_for=related(graph.customers, when=later)).create()
    broken = graph.orders.using(gift_for=related(graph.customers, when=lambda row: 1 / 0))
    with pytest.raises(DeclarationError, match=r"(?s)Order\.gift_for: its related.*ZeroDivisionError.*declared at"):
        await broken.create()
    circular = graph.orders.using(gift_for=related(graph.customers, when=lambda row: row.gift_for))
    with pytest.raises(CircularValues, match="gift_for -> gift_for"):
        await circular.create()


@pytest.mark.parametrize("when", ["yes", True, -0.1, 1.5, 2])
def test_when_is_a_function_or_a_part(graph: Graph, when: Any) -> None:
    with pytest.raises(DeclarationError, match=r"does not say which rows have one"):
        related(graph.orgs, when=when)


# --- in depth ------------------------------------------------------------------------------------


def lineage(rows: dict[int, Any], row: Any) -> list[int]:
    found = [row.id]
    while row.manager_id is not None:
        row = rows[row.manager_id]
        found.append(row.id)
    return found


async def test_rows_of_one_model_stand_in_a_line_of_that_depth(graph: Graph) -> None:
    staff = factory(graph.employees._definition.dataflow, "Employee", manager_id=related(lambda: staff, depth=3))
    made = await staff.create_many(2)
    rows = {row.id: row for row in await staff.rows()}
    assert [len(lineage(rows, row)) for row in made] == [3, 3]
    assert len(rows) == 6
    alone = await staff.create(manager_id=related(staff, depth=1))
    assert alone.manager_id is None
    chief = await staff.create(manager_id=None)
    assert (await staff.create(manager_id=chief)).manager_id == chief.id


async def test_a_tree_of_children_of_one_model(graph: Graph) -> None:
    leaves = graph.employees
    await leaves.with_children(leaves.with_children(leaves, 2), 2).create()
    rows = {row.id: row for row in await leaves.rows()}
    assert sorted(len(lineage(rows, row)) for row in rows.values()) == [1, 2, 2, 3, 3, 3, 3]


async def test_the_end_of_a_line_must_be_optional(graph: Graph, graph_kit: Kit) -> None:
    strict = factory(graph_kit.dataflow, "Strict", boss_id=related(lambda: strict, depth=3))
    with pytest.raises(CircularValues, match=r"Strict\.boss_id -> Strict\.boss_id"):
        await strict.create()
    assert await strict.count() == 0


@pytest.mark.parametrize("depth", [0, -1, True, 101])
def test_a_depth_is_a_number_of_rows(graph: Graph, depth: int) -> None:
    with pytest.raises(DeclarationError, match=r"from 1 to 100"):
        related(graph.employees, depth=depth)


# --- rows that are stored already ----------------------------------------------------------------


async def test_a_row_that_is_there_is_taken(graph: Graph) -> None:
    customers = await graph.customers.create_many([{"vip": True}, {"vip": True}, {}])
    orders = graph.orders.using(customer_id=existing(graph.customers, vip=True), org_id=None)
    made = await orders.create_many(20)
    assert {row.customer_id for row in made} == {customers[0].id, customers[1].id}
    assert await graph.customers.count() == 3
    lines = await graph.lines.using(order_id=related(orders)).create_many(2)
    assert {(await graph.orders.get(line.order_id)).customer_id for line in lines} <= {row.id for row in customers}
    assert (await orders.create(customer_id=customers[2])).customer_id == customers[2].id


async def test_where_none_is_there_it_says_so_or_creates_one(graph: Graph, graph_kit: Kit) -> None:
    orders = graph.orders.using(org_id=None)
    picking = orders.using(customer_id=existing(graph.customers, vip=True))
    with pytest.raises(MissingField) as caught:
        await picking.create()
    message = str(caught.value)
    assert message.startswith(
        "Order.customer_id is the id of a Customer that is stored already, and none is that matches"
    )
    assert "declared at " in message
    assert "existing(..., or_create=True, vip=True)" in message
    assert await graph_kit.count("Customer") == 0
    creating = orders.using(customer_id=existing(graph.customers, or_create=True, vip=True))
    first, second = await creating.create_many(2)
    assert first.customer_id == second.customer_id == (await creating.create()).customer_id
    assert (await graph.customers.get(first.customer_id)).vip is True


async def test_a_row_of_its_own_model_is_taken_too(graph: Graph) -> None:
    staff = graph.employees.using(manager_id=existing(lambda: staff, or_create=True))
    first = await staff.create()
    assert (await staff.get(first.manager_id)).manager_id is None
    assert (await staff.create()).manager_id in (first.id, first.manager_id)


async def test_the_rows_of_others_are_not_seen(new_db: Any) -> None:
    db = new_db("tenants", multi_tenant=True)
    register(db, "Shop", id=int, name=str)
    register(db, "Sale", id=int, shop_id=int)
    async with Kit(db) as kit:
        sales = kit.factory("Sale", shop_id=existing(kit.factory("Shop")))
        with kit.tenant("acme"):
            shop = await kit.create("Shop")
            assert (await sales.create()).shop_id == shop.id
        with kit.tenant("bolt"), pytest.raises(MissingField, match="none is"):
            await sales.create()


def test_a_condition_is_no_value_for_a_new_row(graph: Graph) -> None:
    with pytest.raises(DeclarationError, match="needs a value, and this is a condition"):
        existing(graph.customers, or_create=True, name={"$in": ["Ada"]})


# --- shared --------------------------------------------------------------------------------------


async def test_a_row_is_shared_by_the_whole_graph(graph: Graph, graph_kit: Kit) -> None:
    acme = await graph.orgs.create(name="Acme")
    customers = factory(graph_kit.dataflow, "Customer", org_id=related(graph.orgs))
    orders = factory(graph_kit.dataflow, "Order", customer_id=related(customers), org_id=related(graph.orgs))
    await customers.with_children(orders.with_children(graph.lines, 2), 2).sharing(acme).create_many(2)
    assert {row.org_id for row in [*await customers.rows(), *await orders.rows()]} == {acme.id}
    assert await graph.orgs.count() == 1
    order = await orders.sharing(graph.orgs.using(name="New")).create()
    assert (await customers.get(order.customer_id)).org_id == order.org_id != acme.id
    assert await graph.orgs.count() == 2
    ada, eve = await customers.create_many(2, org_id=acme)
    assert {row.customer_id for row in await orders.sharing([ada, eve], acme).create_many(25)} == {ada.id, eve.id}
    assert (await customers.sharing([]).create()).org_id not in (None, acme.id)
    own = await orders.sharing(acme).create(org_id=None)
    assert own.org_id is None  # what a call gives wins


async def test_no_row_is_shared_with_itself(graph: Graph) -> None:
    chief = await graph.employees.create()
    row = (
        await graph.employees.using(manager_id=related(graph.employees.using(manager_id=None))).sharing(chief).create()
    )
    assert row.manager_id not in (chief.id, row.id)


# --- through a join model ------------------------------------------------------------------------


async def test_rows_are_linked_through_a_join_model(tmp_path: Any) -> None:
    db = make_db(tmp_path / "school.db")
    register(db, "Student", id=str)
    register(db, "Course", id=int, title=str)
    register(db, "Enrolment", id=int, student_id=str, course_id=int, passed=(bool, False))
    register(db, "Follow", id=int, by=str, of=str)
    async with Kit(db) as kit:
        students, courses = kit.factory("Student"), kit.factory("Course")
        enrolments = kit.factory("Enrolment", student_id=related(students), course_id=related(courses))
        ada = await students.with_many(courses, 3, through=enrolments.using(passed=True)).create()
        linked = await enrolments.rows(student_id=ada.id, passed=True)
        assert [row.course_id for row in linked] == [course.id for course in await courses.rows()]
        three = await courses.rows()
        both = await students.with_many(three, through=enrolments).create_many(2)
        for student in both:
            assert [row.course_id for row in await enrolments.rows(student_id=student.id)] == [c.id for c in three]
        await students.with_many(courses, [{"title": "Art"}], through=enrolments).create()
        assert await courses.count(title="Art") == 1
        for none in (0, []):
            assert await students.with_many(courses, none, through=enrolments).create()
        assert await students.with_many([], through=enrolments).create()
        assert await enrolments.count(passed=False) == 7
        plain = kit.factory("Follow")
        with pytest.raises(DeclarationError, match="Follow has no relation to Student"):
            await students.with_many(students, 2, through=plain).create()
        eve = await students.with_many(students, 2, through=plain, via="by", to="of").create()
        assert await plain.count(by=eve.id) == 2
        with pytest.raises(UnknownField, match="no field 'off': did you mean 'of'"):
            await students.with_many(students, 2, through=plain, via="by", to="off").create()
        with pytest.raises(FieldTypeError, match="expected a factory, or stored rows of one model"):
            students.with_many([three[0], eve], through=enrolments)
        assert await kit.count("Student") == 10
    db.close()


# --- built, not stored ---------------------------------------------------------------------------


async def test_built_rows_have_placeholders_where_they_are_asked_for(graph: Graph, graph_kit: Kit) -> None:
    orders = graph.orders.using(org_id=None, tags=derived(lambda row, customer: [customer.name], parent="customer_id"))
    body = orders.with_placeholders().payload()
    assert body["customer_id"].startswith("customer-")
    assert body["tags"] == [body["customer_id"].replace("customer-", "Customer name ")]
    first, second = graph.lines.with_placeholders().build_many(2)
    assert 2_000_000_000 < first["order_id"] < second["order_id"] < 2**31
    assert graph.lines.with_placeholders().build(order_id=7)["order_id"] == 7
    assert await graph_kit.count("Customer") == await graph_kit.count("Order") == 0
    with pytest.raises(MissingField, match=r"with_parents\(\).*with_placeholders\(\)"):
        orders.build()


async def test_built_rows_have_stored_parents_where_they_are_asked_for(graph: Graph) -> None:
    lines = await graph.lines.with_parents()
    body = lines.payload(product="Tea")
    assert await graph.orders.exists(id=body["order_id"])
    assert [row["order_id"] for row in lines.build_many(2)] == [body["order_id"]] * 2
    assert (await lines.create()).order_id == body["order_id"]
    assert await graph.orders.count() == 1
    gifts = graph.orders.using(
        is_gift=transient(False), gift_for=related(graph.customers, when=lambda row: row.is_gift)
    )
    ready = await gifts.with_parents()
    assert ready.build()["gift_for"] is None
    assert await graph.customers.exists(id=ready.build(is_gift=True)["gift_for"])
    assert (await graph.employees.with_parents()).build()["manager_id"] is None


# --- one that is there, or a new one -------------------------------------------------------------


async def test_a_row_is_got_or_created(graph: Graph) -> None:
    first = await graph.orgs.get_or_create(name="Acme")
    assert await graph.orgs.get_or_create(name="Acme") == first
    assert await graph.orgs.using(name="Acme").get_or_create("name") == first
    ada = await graph.customers.get_or_create("name", name="Ada", vip=True)
    assert ada.vip is True
    assert (await graph.customers.get_or_create("name", name="Ada", vip=False)) == ada  # as it is
    assert await graph.customers.get_or_create("org_id", org_id=ada.org_id) == ada
    assert [await graph.orgs.count(), await graph.customers.count()] == [2, 1]


async def test_calls_at_a_time_create_one(graph: Graph) -> None:
    rows = await asyncio.gather(*(graph.orgs.get_or_create(name="Acme") for _ in range(5)))
    assert len({row.id for row in rows}) == 1


async def test_two_that_match_are_no_answer(graph: Graph) -> None:
    await graph.orgs.create_many(2, name="Acme")
    with pytest.raises(MultipleRowsFound, match="Acme"):
        await graph.orgs.get_or_create(name="Acme")


async def test_what_is_looked_for_must_be_known(graph: Graph) -> None:
    with pytest.raises(DeclarationError, match="does not say which row is meant"):
        await graph.orgs.get_or_create()
    with pytest.raises(DeclarationError, match=r"sequence\('O-\{\}'\) makes another one for each row"):
        await graph.orgs.using(name=sequence("O-{}")).get_or_create("name")
    with pytest.raises(UnknownField, match="did you mean 'name'"):
        await graph.orgs.get_or_create("nam", name="Acme")


async def test_all_or_nothing_with_all_of_it(graph: Graph, graph_kit: Kit) -> None:
    orders = graph.orders.using(
        customer_id=existing(graph.customers, or_create=True), gift_for=related(graph.customers, when=1.0)
    )
    with pytest.raises(SeedingFailed, match="rows 1 and 2 have the same"):
        await orders.create_many([{"id": 5}, {"id": 5}])
    assert [await graph_kit.count(name) for name in ("Customer", "Org", "Order")] == [0, 0, 0]
