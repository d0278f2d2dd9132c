"""What is said to differ between the generated module and the file that is checked in."""

from __future__ import annotations

import pytest
from sample_app import make_db, register

from kailash_testkit.generate.drift import drift
from kailash_testkit.generate.module import generate_module


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Modules generated for versions of an application."""
    versions = {
        "first": {"Order": {"id": int, "note": str, "total": float}, "Coupon": {"id": str}},
        "later": {"Order": {"id": int, "note": (str | None, None), "priority": int}, "Refund": {"id": str}},
        "required": {"Order": {"id": int, "note": str | None, "priority": int}, "Refund": {"id": str}},
    }
    made: dict[str, str] = {}
    for version, models in versions.items():
        db = make_db(tmp_path_factory.mktemp("drift") / f"{version}.db")
        for name, fields in models.items():
            register(db, name, **fields)
        made[version] = generate_module(db, "shop:db")
        db.close()
    return made


def test_models_and_fields_that_differ_are_listed(texts: dict[str, str]) -> None:
    assert drift(texts["first"], texts["later"]) == [
        "Coupon: is no model any more",
        "Order: field priority: int is missing",
        "Order: field total is no field any more",
        "Order: field note is str | None now, was str",
        "Refund: is missing",
    ]


def test_a_field_that_takes_other_values_is_listed(texts: dict[str, str]) -> None:
    assert drift(texts["required"], texts["later"]) == ["Order: field note takes str | None now, took str"]


def test_layout_comments_and_the_order_of_imports_are_no_difference(texts: dict[str, str]) -> None:
    text = texts["first"]
    assert drift(text, text) == []
    lines = text.replace("Typed factories", "Factories").replace("    id: int\n", "    id: int  # mine\n").splitlines()
    imports = [line for line in lines if line.startswith("from ") and line.endswith("Iterable")]
    moved = [line for line in lines if line not in imports]
    moved.insert(moved.index('"""') + 1, imports[0])
    moved.insert(moved.index('"""') + 1, "from __future__ import annotations")  # as earlier versions wrote it
    assert drift("\n".join(moved), text) == []


def test_other_differences_are_said_by_model(texts: dict[str, str]) -> None:
    text = texts["first"]
    assert drift(text.replace("def count(", "def counts(", 1), text) == ["Coupon: its declarations differ"]
    assert drift(text.replace("create_order = ", "create_ordr = "), text) == [
        "its declarations differ from those that this version writes"
    ]


def test_a_file_that_is_no_python_says_where(texts: dict[str, str]) -> None:
    (line,) = drift("x = 1\nclass :\n", texts["first"])
    assert line.startswith("line 2 is no Python: ")
