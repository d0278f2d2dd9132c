"""``kailash-testkit lint`` as a user runs it: a process of its own, in a project's folder (see `warm_python`)."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
from environments import clean_environment
from warm_python import WarmPython

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["SHOP_URL"], cache_enabled=False)

    @db.model
    class Customer:
        id: str
        name: str

    @db.model
    class Order:
        id: int
        customer_id: str
        note: str
        status: str = "open"
"""
FACTORIES = """
    from typing import Self

    from kailash_testkit import Factory, derived, related
    from shop.models import Customer, Order

    class Orders(Factory):
        def paid(self) -> Self:
            return self.using(status="paid")

        def noted(self, note: str) -> Self:
            return self.using(note=note)

        def broken(self) -> "Self":
            return self.using(sttaus="paid")

    customers = Factory(Customer)
    orders = Orders(Order, customer_id=related(customers)).trait("big", note="big").trait("bad", note=3)
    raising = orders.using(note=derived(lambda row: 1 / 0))
"""


class Project:
    def __init__(self, path: Path, python: WarmPython) -> None:
        self.path = path
        self.python = python
        (path / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\ntestkit_dataflow = "shop.models:db"\ntestkit_url_env = "SHOP_URL"\n'
        )

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip())

    def lint(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ("-m", "kailash_testkit.command_line", "lint", *arguments)
        return self.python.run(*command, folder=self.path, environment=clean_environment())


@pytest.fixture
def project(tmp_path: Path, warm_python: WarmPython) -> Project:
    made = Project(tmp_path, warm_python)
    made.write("shop/models.py", MODELS)
    return made


def test_models_that_can_all_be_created(project: Project) -> None:
    done = project.lint()
    assert (done.returncode, done.stdout) == (0, "shop.models:db: all 2 can be created\n"), done.stderr
    assert sorted(path.name for path in project.path.iterdir()) == ["pyproject.toml", "shop"]


def test_each_factory_and_trait_is_tried_and_what_fails_is_listed_with_the_reason(project: Project) -> None:
    project.write("tests/factories.py", FACTORIES)
    done = project.lint("shop.models:db", "--factories", "tests.factories")
    assert done.returncode == 1, done.stderr
    found = done.stdout.splitlines()
    assert [line for line in found if line.startswith("FAILED")] == [
        "FAILED tests.factories.orders.with_traits('bad'): FieldTypeError: "
        "wrong type for Order.note: expected str, got 3 (int)",
        "FAILED tests.factories.orders.broken(): UnknownField: Order has no field 'sttaus': did you mean 'status'?",
        "FAILED tests.factories.raising: DeclarationError: no value for Order.note: its derived(...) raised "
        "ZeroDivisionError: division by zero",
        "FAILED tests.factories.raising.with_traits('bad'): FieldTypeError: "
        "wrong type for Order.note: expected str, got 3 (int)",
        "FAILED tests.factories.raising.broken(): UnknownField: Order has no field 'sttaus': did you mean 'status'?",
        "FAILED tests.factories.raising.paid(): DeclarationError: no value for Order.note: its derived(...) raised "
        "ZeroDivisionError: division by zero",
    ]
    assert found[-1] == "shop.models:db: 13 tried, 6 cannot be created"


def test_a_model_that_dataflow_cannot_store_is_named(project: Project) -> None:
    project.write("shop/models.py", textwrap.dedent(MODELS) + "    note_on: 'bytes'\n")
    done = project.lint()
    assert done.returncode == 1
    assert "FAILED Order: UnstorableField: Order.note_on is declared bytes, which DataFlow cannot store" in done.stdout


def test_an_application_on_another_database_is_refused(project: Project) -> None:
    project.write("shop/models.py", MODELS.replace('os.environ["SHOP_URL"]', "'sqlite:////tmp/never-made.db'"))
    done = project.lint()
    assert done.returncode == 2
    assert "the application connects to sqlite:////tmp/never-made.db, not to the throw-away database" in done.stderr
    assert not Path("/tmp/never-made.db").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere:db"], "nowhere"),
        (["--factories", "tests.nowhere"], "tests.nowhere"),
        (["--factories"], "expected one argument"),
    ],
)
def test_what_cannot_be_used_is_exit_code_two(project: Project, arguments: list[str], words: str) -> None:
    done = project.lint(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_multi_tenant_application_has_a_tenant(project: Project) -> None:
    project.write("shop/models.py", MODELS.replace("cache_enabled=False", "cache_enabled=False, multi_tenant=True"))
    done = project.lint()
    assert (done.returncode, done.stdout) == (0, "shop.models:db: all 2 can be created\n"), done.stderr


def test_relations_are_listed_before_they_are_believed(project: Project) -> None:
    project.write("tests/factories.py", FACTORIES)
    done = project.lint("--relations")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Order.customer_id -> Customer: by its name"), (
        done.stderr
    )
    declared = project.lint("--relations", "--factories", "tests.factories").stdout
    assert declared.startswith(
        "Order.customer_id -> Customer: declared by tests.factories.orders, tests.factories.raising"
    )
    assert "infer_relations() would relate 0, and not 0" in declared
