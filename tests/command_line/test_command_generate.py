"""``kailash-testkit generate`` as a user runs it: a process of its own, in a project's folder (see `warm_python`)."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from environments import clean_environment
from releases_of_kailash import needs_soft_delete
from warm_python import WarmPython

ROOT = Path(__file__).parents[2]
COMMAND = ("-m", "kailash_testkit.command_line", "generate")
MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["SHOP_URL"], cache_enabled=False)
    print("the application talks")
    with open("url.txt", "w") as seen:
        seen.write(os.environ["SHOP_URL"])

    @db.model
    class Order:
        id: int
        note: str

    @db.model
    class Person:
        id: str
"""


class Project:
    """A project's folder."""

    def __init__(self, path: Path, python: WarmPython) -> None:
        self.path = path
        self.python = python

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip())
        return file

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment() | {"SHOP_KEY": "s3cret"}
        return self.python.run(*COMMAND, *arguments, folder=self.path, environment=environment)


@pytest.fixture
def project(tmp_path: Path, warm_python: WarmPython) -> Project:
    made = Project(tmp_path, warm_python)
    made.write("src/shop/models.py", MODELS)
    made.write(
        "pyproject.toml",
        """
        [tool.pytest.ini_options]
        pythonpath = ["src"]
        testkit_dataflow = "shop.models:db"
        testkit_url_env = "SHOP_URL"
        """,
    )
    return made


def test_writing_checking_and_drifting(project: Project) -> None:
    done = project.run("-o", "tests/generated.py")
    file = project.path / "tests/generated.py"
    assert (done.returncode, done.stdout) == (0, "tests/generated.py was written\n"), done.stderr
    assert (project.path / "url.txt").read_text().endswith("/unused.db")
    assert sorted(path.name for path in project.path.iterdir()) == ["pyproject.toml", "src", "tests", "url.txt"]
    written = file.read_bytes()

    done = project.run("-o", "tests/generated.py", "--check")
    assert (done.returncode, done.stdout) == (0, "tests/generated.py is up to date\n")

    project.write("src/shop/models.py", MODELS.replace("note: str", "note: str\n        total: float"))
    done = project.run("-o", "tests/generated.py", "--check")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "tests/generated.py is out of date:",
        "  Order: field total: float is missing",
    ]
    assert file.read_bytes() == written


@pytest.mark.slow
def test_fixtures_are_written_and_checked_and_work(project: Project) -> None:
    options = ("-o", "tests/generated.py", "--fixtures", "tests/fixtures.py")
    done = project.run(*options)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        ["tests/generated.py was written", "tests/fixtures.py was written"],
    ), done.stderr
    assert project.run(*options, "--check").returncode == 0
    text = (project.path / "tests/fixtures.py").read_text()
    assert "from tests import generated\n" in text
    assert "def fixture_order(\n    orders: generated.OrderFactory,\n) -> generated.OrderRow:" in text
    project.write("tests/conftest.py", "from tests.fixtures import *\n")
    project.write(
        "tests/test_it.py",
        """
        def test_it(order, orders, person):
            assert orders.get_sync(order.id) == order
            assert person.id == "person-1"
        """,
    )
    environment = clean_environment() | {"PYTHONPATH": "."}
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "tests")
    done = project.python.run(*command, folder=project.path, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (project.path / "tests/fixtures.py").write_text(text.replace("A stored Order", "An order"))
    assert project.run("--fixtures", "x.py", "--stdout").returncode == 2


def test_printing_one_model_for_another_variable_and_line_length(project: Project) -> None:
    (project.path / "pyproject.toml").unlink()
    options = ["--stdout", "--only", "Order", "--url-env", "SHOP_URL", "--line-length", "120"]
    done = project.run("src.shop.models:db", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('"""Typed factories of the models of src.shop.models:db.\n')
    assert "class OrderRow(TypedRow):" in done.stdout
    assert "Person" not in done.stdout
    assert 88 < max(map(len, done.stdout.splitlines())) <= 120
    assert "the application talks" in done.stderr


def test_the_module_imports_without_a_database_and_without_the_variable_of_another(project: Project) -> None:
    project.run("-o", "generated.py")
    environment = {**os.environ, "SHOP_URL": "sqlite:////nowhere/at/all.db", "PYTHONPATH": "src"}
    project.write("use.py", "import generated; print(generated.orders)\n")
    done = project.python.run("-W", "error", "use.py", folder=project.path, environment=environment)
    assert "OrderFactory(Order)" in done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("models", "arguments", "message"),
    [
        (
            'import os\nos.environ["SHOP_SECRET"]\n',
            [],
            "importing shop.models raised KeyError: 'SHOP_SECRET'",
        ),
        ('import sys\nsys.exit("SHOP_SECRET is not set")\n', [], "raised SystemExit: SHOP_SECRET is not set"),
        ("db = 1\n", [], "is not a DataFlow instance"),
        ("import not_there\n", [], "No module named 'not_there'"),
        (
            "import os\nfrom dataflow import DataFlow\ndb = DataFlow(os.environ['SHOP_URL'], cache_enabled=False)\n",
            [],
            "no models are registered with shop.models:db",
        ),
        (MODELS, ["--only", "Ordr"], "no model 'Ordr' is registered with this DataFlow: did you mean 'Order'?"),
    ],
)
def test_what_cannot_be_generated_says_why_and_what_to_do(
    project: Project, models: str, arguments: list[str], message: str
) -> None:
    project.write("src/shop/models.py", models)
    done = project.run("-o", "generated.py", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "\n  do:  " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.path / "generated.py").exists()


def test_checking_a_file_that_is_not_there_says_so(project: Project) -> None:
    checked = project.run("-o", "generated.py", "--check")
    assert checked.returncode == 1
    assert "generated.py does not exist" in checked.stdout + checked.stderr
    assert project.run("-o", "generated.py").returncode == 0
    again = project.run("-o", "generated.py")
    assert "generated.py is up to date" in again.stdout + again.stderr


def test_a_file_of_the_users_own_is_not_overwritten(project: Project) -> None:
    file = project.write("tests/factories.py", "orders = 1\n")
    done = project.run("-o", "tests/factories.py")
    assert done.returncode == 2
    assert "was not written by this command, and is left as it is" in done.stderr
    assert file.read_text() == "orders = 1\n"


def test_models_of_other_modules_can_be_imported_too(project: Project) -> None:
    project.write("src/shop/more.py", "from shop.models import db\n\n@db.model\nclass Late:\n    id: int\n")
    done = project.run("--stdout", "--only", "Late", "--import", "shop.more")
    assert "class LateRow(TypedRow):" in done.stdout, done.stderr


@pytest.mark.slow
@needs_soft_delete
def test_the_example_applications_module_is_up_to_date() -> None:
    """In a new interpreter, where nothing that the command needs was imported before."""
    done = subprocess.run(
        [sys.executable, *COMMAND, "-o", "tests/generated.py", "--check"],
        cwd=ROOT / "examples/shop",
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_soft_delete
def test_the_module_that_the_type_checkers_judge_is_up_to_date(warm_python: WarmPython) -> None:
    done = Project(ROOT / "tests/typing/project", warm_python).run(
        "-o", "generated.py", "--check", "--factories", "flagged", "--fixtures", "fixtures.py"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_script_is_the_parser() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["kailash-testkit"].partition(":")
    assert callable(getattr(import_module(module), function))
