"""Names of a generated module: plurals, collisions, and what is said about them."""

from __future__ import annotations

import pytest

from kailash_testkit.generate.names import choose_names, plural, singular, snake

WORDS = [
    ("order", "orders"),
    ("category", "categories"),
    ("key", "keys"),
    ("address", "addresses"),
    ("status", "statuses"),
    ("box", "boxes"),
    ("branch", "branches"),
    ("hero", "heroes"),
    ("photo", "photos"),
    ("analysis", "analyses"),
    ("person", "people"),
    ("child", "children"),
    ("leaf", "leaves"),
    ("case", "cases"),
    ("news", "news"),
    ("software", "software"),
]


@pytest.mark.parametrize(("one", "many"), WORDS)
def test_plural_and_singular_are_each_others_inverse(one: str, many: str) -> None:
    assert plural(one) == many
    assert singular(many) == one
    assert singular(one) == one


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Order", "order"),
        ("OrderLine", "order_line"),
        ("HTTPRequest", "http_request"),
        ("Oauth2Token", "oauth2_token"),
    ],
)
def test_snake(name: str, expected: str) -> None:
    assert snake(name) == expected


def test_a_model_gets_a_factory_and_three_functions() -> None:
    chosen, notes = choose_names(["OrderLine"])
    names = chosen["OrderLine"]
    assert (names.handle, names.create, names.create_many, names.build) == (
        "order_lines",
        "create_order_line",
        "create_order_lines",
        "build_order_line",
    )
    assert names.of("Fields") == "OrderLineFields"
    assert notes == []


@pytest.mark.parametrize(
    ("model", "handle", "create", "row"),
    [
        ("Person", "people", "create_person", "PersonRow"),
        ("SalesPerson", "sales_people", "create_sales_person", "SalesPersonRow"),
        ("Users", "users", "create_user", "UsersRow"),
        ("audit_log", "audit_logs", "create_audit_log", "AuditLogRow"),
        ("News", "news", "create_news", "NewsRow"),
        ("TestRun", "test_runs", "create_test_run", "TheTestRunRow"),
    ],
)
def test_unusual_names(model: str, handle: str, create: str, row: str) -> None:
    chosen, notes = choose_names([model])
    names = chosen[model]
    assert (names.handle, names.create, names.of("Row")) == (handle, create, row)
    assert names.create != names.create_many
    assert (model == "audit_log") == (notes == [])


@pytest.mark.parametrize("models", [["Person", "People"], ["order", "Order"], ["Datum", "Data"], ["User", "Users"]])
def test_models_whose_names_would_be_the_same_get_different_ones_and_it_is_said(models: list[str]) -> None:
    chosen, notes = choose_names(models)
    first, second = (chosen[model] for model in sorted(models))
    assert not first.all & second.all
    assert any(note.startswith(f"{second.model}: ") and f"because {first.model} has" in note for note in notes)


def test_the_order_of_the_models_does_not_matter() -> None:
    assert choose_names(["Order", "order", "People", "Person"]) == choose_names(["Person", "People", "order", "Order"])
