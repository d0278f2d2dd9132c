"""``kailash-testkit init`` as a user runs it, in projects of several shapes; pytest then runs what it wrote."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from environments import clean_environment
from warm_python import WarmPython

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["SHOP_URL"], cache_enabled=False)

    @db.model
    class Order:
        id: int
        note: str
"""
API = """
    from fastapi import FastAPI
    from shop.models import db

    def create_app():
        app = FastAPI()

        @app.get("/orders")
        async def orders():
            return await db.express.list("Order")

        return app
"""
SETTINGS_CLASS = """
    import os
    from dataclasses import dataclass, field
    from dataflow import DataFlow

    @dataclass
    class Settings:
        store: str = field(default_factory=lambda: os.getenv("STORE_DATABASE_URL", "sqlite:////tmp/never.db"))

    settings = Settings()
    db = DataFlow(settings.store, cache_enabled=False)

    @db.model
    class Order:
        id: int
        note: str
"""


@pytest.fixture
def run(tmp_path: Path, warm_python: WarmPython) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ("-m", "kailash_testkit.command_line", "init", *arguments)
        return warm_python.run(*command, folder=tmp_path, environment=clean_environment())

    return run


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))


def test_settings_of_a_folder_above_are_named(tmp_path: Path, run: Run) -> None:
    settings = tmp_path.parent / "pytest.ini"
    settings.write_text("[pytest]\ntestkit_dataflow = other.models:db\n")
    try:
        done = run()
    finally:
        settings.unlink()
    assert done.returncode == 2
    assert "DataFlow = 'other.models:db' cannot be imported" in done.stderr
    assert f"pytest's settings are those of {settings}" in done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def passed(folder: Path, python: WarmPython) -> str:
    """The outcomes of pytest, as the user starts it."""
    done = python.run(
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:schemathesis",
        folder=folder,
        environment=clean_environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("files", "written", "expected", "tests"),
    [
        pytest.param(
            {
                "src/shop/__init__.py": "",
                "src/shop/models.py": MODELS,
                "src/shop/api.py": API,
                "pyproject.toml": "[project]\n",
            },
            "pyproject.toml",
            ['pythonpath = ["src"]', 'testkit_app = "shop.api:create_app"', 'testkit_url_env = ["SHOP_URL"]'],
            2,
            id="src layout",
        ),
        pytest.param(
            {"app.py": SETTINGS_CLASS},
            "pytest.ini",
            ["pythonpath = .", "testkit_dataflow = app:db", "testkit_url_env = STORE_DATABASE_URL"],
            1,
            id="one module, without an application",
        ),
        pytest.param(
            {
                "shop/__init__.py": "",
                "shop/models.py": MODELS,
                "shop/api.py": API,
                "setup.cfg": "[tool:pytest]\n# own\naddopts = -ra\n\n[metadata]\nname = shop\n",
                "tests/test_sum.py": "def test_sum():\n    assert 1 + 1 == 2\n",
                "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef clean():\n    yield 'DELETE FROM orders'\n",
            },
            "setup.cfg",
            ["addopts = -ra", "testkit_dataflow = shop.models:db", "name = shop"],
            3,
            id="a section and tests that are there",
        ),
    ],
)
def test_what_it_writes_passes(
    tmp_path: Path,
    run: Run,
    warm_python: WarmPython,
    files: Mapping[str, str],
    written: str,
    expected: list[str],
    tests: int,
) -> None:
    write(tmp_path, files)
    before = contents(tmp_path)
    shown = run("--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert contents(tmp_path) == before

    done = run()

    assert done.returncode == 0, done.stderr
    text = (tmp_path / written).read_text()
    assert set(expected) <= set(text.splitlines())
    for name, content in before.items():
        assert set(content.splitlines()) <= set((tmp_path / name).read_bytes().splitlines()), f"{name} lost a line"
    assert passed(tmp_path, warm_python).startswith(f"{tests} passed")
    assert ("tests/conftest.py:4  clean: empties tables by SQL" in done.stdout) is ("tests/conftest.py" in files)
    if "tests/conftest.py" in files:
        assert "asyncio_mode" not in text, "how the tests that are there run is left to the project"
    after = contents(tmp_path)
    again = run()
    assert "nothing to do" in again.stdout
    assert contents(tmp_path) == after


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({"readme.py": ""}, [], "no DataFlow instance was found"),
        (
            {"shop/models.py": MODELS, "shop/audit.py": "from dataflow import DataFlow\naudit = DataFlow('x')\n"},
            [],
            "  shop.audit:audit  (shop/audit.py:2)\n  shop.models:db  (shop/models.py:5)\n  do:  name the one",
        ),
        (
            {"app.py": "import dataflow\ndb = dataflow.DataFlow('sqlite:////tmp/never.db', cache_enabled=False)\n"},
            [],
            "no variable decides where app:db connects: it connects to sqlite:////tmp/never.db",
        ),
        ({"shop/models.py": 'import os\nos.environ["TOKEN"]\n' + textwrap.dedent(MODELS)}, [], "TOKEN"),
        (
            {
                "shop/models.py": MODELS,
                "conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef no():\n    1 / 0\n",
            },
            [],
            "the first test did not pass, so everything is as it was",
        ),
        (
            {"src/shop/models.py": MODELS, "pytest.ini": "[pytest]\npythonpath = lib\n"},
            [],
            "pytest's settings have a pythonpath without src",
        ),
    ],
    ids=["nothing", "two instances", "a fixed URL", "another variable", "a test that fails", "another pythonpath"],
)
def test_where_it_cannot_it_says_why_and_leaves_everything_as_it_was(
    tmp_path: Path, run: Run, files: Mapping[str, str], arguments: list[str], message: str
) -> None:
    write(tmp_path, files)
    before = contents(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr
    assert contents(tmp_path) == before
    assert not (tmp_path / "tests").exists()


def test_of_two_instances_one_is_named(tmp_path: Path, run: Run) -> None:
    write(
        tmp_path, {"shop/models.py": MODELS, "shop/audit.py": "from dataflow import DataFlow\naudit = DataFlow('x')\n"}
    )
    done = run("--dataflow", "shop.models:db", "--url-env", "SHOP_URL")
    assert done.returncode == 0, done.stderr
    assert "testkit_dataflow = shop.models:db" in (tmp_path / "pytest.ini").read_text()
