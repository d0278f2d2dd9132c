"""Declarations: defaults that make a value for each row."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from kailash_testkit import KitError, choice, derived, sequence, transient
from kailash_testkit.errors import CircularValues, DeclarationError, FieldTypeError, MissingField, UnknownField
from kailash_testkit.factories.numbering import Numbering, within
from kailash_testkit.kit import Kit


def test_a_sequence_numbers_the_rows_of_a_model_from_one(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer", name=sequence("C-{}"))
    assert [customers.build()["name"] for _ in range(3)] == ["C-1", "C-2", "C-3"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{}", "1"),
        ("{:0>3}", "001"),
        ("{{{}}}", "{1}"),
        ("a{0}b", "a1b"),
        ("{:03}", "001"),
        ("{:03d}", "001"),
        ("{:>4}", "   1"),
        ("{:04x}", "0001"),
        ("{:+,d}", "+1"),
        ("{!r}", "1"),
        ("{:s}", "1"),
        ("R{n}", "R1"),
        ("{n:05d}-{n}", "00001-1"),
    ],
)
def test_forms(sync_kit: Kit, form: str, expected: str) -> None:
    assert sync_kit.factory("Customer").build(name=sequence(form))["name"] == expected


def test_a_sequence_may_be_a_function_of_the_number(sync_kit: Kit) -> None:
    orders = sync_kit.factory("Order", total=sequence(lambda n: n * 10.0))
    assert [orders.build()["total"] for _ in range(2)] == [10.0, 20.0]


def test_rows_of_wider_fixtures_have_numbers_of_their_own(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer", name=sequence("C-{}"), nickname=sequence(str))
    with within(Numbering("session")):
        built = customers.build()
    assert (built["name"], built["nickname"]) == ("C-s1", "1600000001")
    assert customers.build()["name"] == "C-1"


def test_a_format_of_numbers_tells_the_rows_of_wider_fixtures_apart(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer", name=sequence("{:03d}"), nickname=sequence("{:x}"))
    with within(Numbering("class")):
        built = customers.build()
    assert (built["name"], built["nickname"]) == ("c001", f"{400_000_001:x}")  # "c1" would be a test's row 193


@pytest.mark.parametrize(("form", "twice"), [("{:0<3}", "100"), ("{:.1e}", r"1\.6e\+09"), ("{!s:.1}", "s")])
def test_a_form_that_repeats_itself_is_refused_where_it_is_written(form: str, twice: str) -> None:
    with pytest.raises(DeclarationError, match=rf"gives '{twice}' to the rows \w+ and \w+"):
        sequence(form)


@pytest.mark.parametrize("form", ["C", "", "C-{name}", "C-{", "{{}}", "{.x}", "{1}", "{0[0]}", "{:c}", "{:q}"])
def test_a_form_that_gives_all_rows_one_value_or_none_is_refused_where_it_is_written(form: str) -> None:
    with pytest.raises(DeclarationError, match=r'(?s)does not put the row\'s number.*sequence\("item-\{\}"\)'):
        sequence(form)
    assert issubclass(DeclarationError, KitError)


def test_a_derived_value_sees_given_default_and_generated_values(sync_kit: Kit) -> None:
    customers = sync_kit.factory("Customer", nickname="Ed")
    seen: dict[str, Any] = {}

    def look(row: Any) -> str:
        seen.update(id=row.id, name=row["name"], nickname=row.nickname, is_active=row.is_active)
        return f"{row.name}@example.com"

    built = customers.build(name="ada", email=derived(look))
    assert built["email"] == "ada@example.com"
    assert seen == {"id": "customer-1", "name": "ada", "nickname": "Ed", "is_active": True}


def test_a_value_that_is_asked_for_twice_is_made_once(sync_kit: Kit) -> None:
    made = iter(range(10))
    customers = sync_kit.factory(
        "Customer",
        name=derived(lambda row: f"n{next(made)}"),
        email=derived(lambda row: f"{row.name}@x.org"),
        nickname=derived(lambda row: row.name),
    )
    built = customers.build()
    assert (built["name"], built["email"], built["nickname"]) == ("n0", "n0@x.org", "n0")


def test_derived_values_may_derive_from_each_other_but_not_in_a_circle(sync_kit: Kit) -> None:
    circle = sync_kit.factory(
        "Customer",
        id=derived(lambda row: row.name),
        name=derived(lambda row: row.email),
        email=derived(lambda row: row.name),
    )
    with pytest.raises(CircularValues, match=r"derived values of Customer need each other: name -> email -> name"):
        circle.build()
    assert circle.build(name="Ada") == {"id": "Ada", "name": "Ada", "email": "Ada"}


def test_a_misspelt_field_in_a_derived_value_names_the_nearest(sync_kit: Kit) -> None:
    with pytest.raises(UnknownField, match="Customer has no field 'nmae': did you mean 'name'"):
        sync_kit.factory("Customer").build(email=derived(lambda row: row.nmae))


@pytest.mark.parametrize(
    ("model", "field", "text"), [("Order", "id", "note"), ("Order", "created_at", "note"), ("Event", "id", "kind")]
)
def test_what_the_database_sets_cannot_be_derived_from(sync_kit: Kit, model: str, field: str, text: str) -> None:
    """A made-up value would not be the stored row's."""
    declaration = derived(lambda row: str(row[field]))
    with pytest.raises(MissingField, match=rf"{model}\.{field} is not known while the row's values are made"):
        sync_kit.factory(model).build(**{text: declaration})


def test_a_given_id_can_be_derived_from(sync_kit: Kit) -> None:
    built = sync_kit.factory("Order").build(id=7, note=derived(lambda row: f"order {row.id}"))
    assert built["note"] == "order 7"


def test_a_declared_value_is_checked_like_a_given_one(sync_kit: Kit) -> None:
    with pytest.raises(FieldTypeError, match=r"Customer.name: expected str, got 3 \(int\)"):
        sync_kit.factory("Customer").build(name=derived(lambda row: 3))


def test_an_error_of_a_function_names_the_field_the_declaration_and_both_lines(sync_kit: Kit) -> None:
    def divide() -> str:
        return str(1 / 0)

    declared = derived(lambda row: divide())
    here = rf"tests/factories/{Path(__file__).name}"
    with pytest.raises(DeclarationError, match=r"Customer\.name: its derived\(\.\.\.\) raised ZeroDivision") as failed:
        sync_kit.factory("Customer").build(name=declared)
    first = divide.__code__.co_firstlineno
    assert failed.value.details == (f"declared at {here}:{first + 3}", f"raised at {here}:{first + 1}")
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    "declared", [derived(lambda row: 3), sequence(lambda n: 3), transient(derived(lambda row: 1 / 0))]
)
def test_every_error_of_a_declaration_names_it(sync_kit: Kit, declared: Any) -> None:
    asked_for = {"extra": declared, "name": derived(lambda row: row.extra)}
    given = asked_for if repr(declared).startswith("transient") else {"name": declared}
    with pytest.raises(KitError, match=r"Customer\.(name|extra).*(?s:.*)at tests/factories/test_declarations\.py:\d+"):
        sync_kit.factory("Customer").build(**given)


def test_the_path_of_declarations_that_led_to_an_error_is_told(sync_kit: Kit) -> None:
    with pytest.raises(UnknownField) as failed:
        sync_kit.factory("Customer").build(name=derived(lambda row: row.email), email=derived(lambda row: row.nmae))
    assert [line.split(" at ")[0] for line in failed.value.details] == [
        "Customer.email is made by derived(...)",
        "Customer.name is made by derived(...)",
    ]


def test_the_text_of_an_error_about_a_secret_is_not_shown(sync_kit: Kit) -> None:
    def fail(row: Any) -> str:
        raise ValueError("hunter2-is-no-password")

    with pytest.raises(DeclarationError) as failed:
        sync_kit.factory("Customer", password=transient(derived(fail)), name=derived(lambda row: row.password)).build()
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("function", [lambda: "x", str, functools.partial(str, 1), len])
def test_a_function_for_a_value_is_told_what_to_be(sync_kit: Kit, function: Any) -> None:
    with pytest.raises(FieldTypeError, match=r"Customer\.name is a function(?s:.*)derived\(lambda row: .*sequence\("):
        sync_kit.factory("Customer", name=function).build()
    with pytest.raises(FieldTypeError, match=r"Kinds\.items\[1\]\['a'\] is a function"):
        sync_kit.factory("Kinds").build(items=[1, {"a": function}])


# --- within dicts and lists ------------------------------------------------------------------------


def test_declarations_stand_anywhere_in_dicts_and_lists(sync_kit: Kit) -> None:
    kinds = sync_kit.factory(
        "Kinds",
        text=sequence("k{}"),
        mapping={
            "a": [{"no": sequence("n-{}")}, sequence(lambda n: n)],
            sequence("key{}"): derived(lambda row: row.text),
        },
        items=[choice([[sequence("c{}")]]), (derived(lambda row: row.mapping["a"][1]),), "plain"],
    )
    assert [(row["mapping"], row["items"]) for row in kinds.build_many(2)] == [
        ({"a": [{"no": f"n-{n}"}, n], f"key{n}": f"k{n}"}, [[f"c{n}"], (n,), "plain"]) for n in (1, 2)
    ]
    assert kinds.payload(items=[sequence("p{}")])["items"] == ["p3"]
    assert kinds.trait("t", items=[[sequence("t{}")]]).with_traits("t").build()["items"] == [["t4"]]


def test_two_places_of_a_value_choose_each_for_itself(sync_kit: Kit) -> None:
    made = sync_kit.factory("Kinds", items=[choice(*range(9)), choice(*range(9))]).build_many(300)
    assert len({row["items"][0] == row["items"][1] for row in made}) == 2


def test_a_declaration_within_choices_and_transient_parameters_is_made(sync_kit: Kit) -> None:
    customers = sync_kit.factory(
        "Customer",
        name=choice(sequence("a{}"), sequence("b{}")),
        extra=transient({"no": sequence("x{}")}),
        email=derived(lambda row: row.extra["no"]),
    )
    made = customers.build_many(20)
    assert {row["name"][0] for row in made} == {"a", "b"}
    assert [row["email"] for row in made] == [f"x{n}" for n in range(1, 21)]


def test_an_error_within_a_dict_names_the_place(sync_kit: Kit) -> None:
    kinds = sync_kit.factory("Kinds", mapping={"a": [0, derived(lambda row: 1 / 0)]})
    with pytest.raises(DeclarationError, match=r"no value for Kinds\.mapping\['a'\]\[1\]: its derived") as failed:
        kinds.build()
    assert [line.split(" at ")[0] for line in failed.value.details] == ["declared", "raised"]


def test_a_function_that_makes_a_declaration_is_refused(sync_kit: Kit) -> None:
    with pytest.raises(FieldTypeError, match=r"Kinds\.items\[0\] was made, and is sequence"):
        sync_kit.factory("Kinds").build(items=derived(lambda row: [sequence("{}")]))


def test_a_declaration_is_not_a_value() -> None:
    with pytest.raises(TypeError, match="a declaration has no value of its own"):
        bool(sequence("{}"))
    assert repr(sequence("C{}")) == "sequence('C{}')"
    assert repr(derived(str)) == "derived(<class 'str'>)"


def test_equal_declarations_are_equal() -> None:
    assert sequence("C{}") == sequence("C{}")
