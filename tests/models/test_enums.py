"""Which member a column holds: the one whose stored form it has, as DataFlow's filter would find it, and no other."""

from __future__ import annotations

import enum

import pytest

from kailash_testkit.models.enums import enum_to_value, misfit, stored_member


class Kind(str, enum.Enum):
    DOUBLE = "double"


class Plan(enum.StrEnum):
    FREE = "free"


class Level(enum.IntEnum):
    HIGH = 2


class Grade(int, enum.Enum):
    A = 1


class Colour(enum.Enum):
    RED = "r"


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


@pytest.mark.parametrize(
    ("member", "form"),
    [(Kind.DOUBLE, "double"), (Plan.FREE, "free"), (Level.HIGH, "2"), (Grade.A, "1"), (Colour.RED, "Colour.RED")],
)
def test_the_stored_form_is_the_members_own(member: enum.Enum, form: str) -> None:
    assert enum_to_value(member) == form
    assert stored_member(type(member), form) is member
    assert misfit(type(member), member) is None


def test_a_combination_of_flags_is_a_member() -> None:
    assert stored_member(Right, "3") == Right.READ | Right.WRITE


@pytest.mark.parametrize(
    ("kind", "held", "why"),
    [
        (Kind, "Kind.DOUBLE", "'Kind.DOUBLE' is str(Kind.DOUBLE), whose stored form is 'double'"),
        (Kind, "DOUBLE", "'DOUBLE' is Kind.DOUBLE.name, whose stored form is 'double'"),
        (Kind, "<Kind.DOUBLE: 'double'>", "is repr(Kind.DOUBLE)"),
        (Kind | None, "Kind.DOUBLE", "is str(Kind.DOUBLE)"),
        (Plan, "Plan.FREE", "is str(Plan.FREE)"),
        (Grade, "Grade.A", "is str(Grade.A), whose stored form is '1'"),
        (Colour, "r", "'r' is Colour.RED.value, whose stored form is 'Colour.RED'"),
        (Kind, "tripel", "'tripel' is the stored form of no Kind"),
        (list[Kind], '["Kind.DOUBLE"]', "'Kind.DOUBLE' is str(Kind.DOUBLE), which is 'double' in JSON"),
        (list[Kind], '["double", 3, "Kind.DOUBLE"]', "'Kind.DOUBLE' is str(Kind.DOUBLE), which is 'double' in JSON"),
        (dict[str, Level], '{"a": "HIGH"}', "'HIGH' is Level.HIGH.name, which is 2 in JSON"),
    ],
)
def test_what_is_no_member_says_what_it_is(kind: object, held: str, why: str) -> None:
    found = misfit(kind, held)
    assert found is not None
    assert why in found.why
    assert found.do


@pytest.mark.parametrize(("kind", "held"), [(str, "x"), (Kind | str, "Kind.DOUBLE"), (Kind | None, None)])
def test_what_may_be_any_text_is_no_misfit(kind: object, held: object) -> None:
    assert misfit(kind, held) is None
