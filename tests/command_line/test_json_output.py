"""``--json``: each command prints one object with the keys that docs/command_line.md lists, and nothing else."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from environments import clean_environment
from warm_python import WarmPython

from kailash_testkit.command_line.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command_line.md").read_text()
MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["SHOP_URL"], cache_enabled=False)
    print("the application talks")

    @db.model
    class Customer:
        id: str
        name: str

    @db.model
    class Order:
        id: int
        customer_id: str
        note: str
"""
API = """
    from fastapi import FastAPI
    from shop.models import db

    app = FastAPI()

    @app.get("/orders")
    async def orders():
        return await db.express.list("Order", {})
"""
WHOLE = {
    "explore shop.models:db --url-env SHOP_URL --app shop.api:app --requests 5 --no-failpoints": {
        *(
            "findings",
            "known",
            "operations",
            "requests",
            "seconds",
            "seed",
            "checks",
            "unmade",
            "unjudged",
            "unconfirmed",
            "models",
            "ended",
        ),
    },
    "init --dry-run --guide": {"found", "changes", "written", "clean_ups"},
    "generate shop.models:db --url-env SHOP_URL -o generated.py": {"files"},
    "generate shop.models:db --url-env SHOP_URL --stdout": {"module"},
    "doctor shop.models:db --url-env SHOP_URL --only Order": {
        *("healthy", "database", "tried", "findings", "untried", "advice"),
    },
    "lint shop.models:db --url-env SHOP_URL": {"target", "tried", "failures"},
    "lint shop.models:db --url-env SHOP_URL --relations": {"target", "relations"},
    "clean": {"left_alone", "found", "removed", "failures"},
    "explain-error RowNotFound": {"name", "page", "folder"},
    "explain-error": {"errors"},
    "guide": {"guide", "folder"},
}
REFUSED = ["generate shop.modles:db --url-env SHOP_URL -o generated.py", "explain-error RowNotFond"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An application's folder, whose import prints."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text(textwrap.dedent(MODELS))
    (tmp_path / "shop" / "api.py").write_text(textwrap.dedent(API))
    (tmp_path / "tmp").mkdir()
    return tmp_path


def run(warm_python: WarmPython, folder: Path, command: str) -> tuple[int, dict[str, Any], str]:
    environment = clean_environment() | {"TMPDIR": str(folder / "tmp")}
    arguments = ("-m", "kailash_testkit.command_line", *command.split(), "--json")
    done = warm_python.run(*arguments, folder=folder, environment=environment)
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", WHOLE)
def test_the_object_has_the_documented_keys(command: str, project: Path, warm_python: WarmPython) -> None:
    code, found, _ = run(warm_python, project, command)
    name = command.split()[0]
    assert (found["format"], found["command"], found["exit_code"]) == (1, name, code)
    assert set(found) - {"format", "command", "exit_code"} == WHOLE[command]
    row = re.search(rf"^\| `{name}` \| .*`.*$", PAGE.partition("## For programs")[2], re.MULTILINE)
    assert row is not None
    assert WHOLE[command] <= set(re.findall(r"`(\w+)`", row[0]))


@pytest.mark.parametrize("command", REFUSED)
def test_a_refusal_is_an_object_too(command: str, project: Path, warm_python: WarmPython) -> None:
    code, found, said = run(warm_python, project, command)
    assert code == found["exit_code"] == 2
    assert found["error"]["type"] == "ConfigurationError"
    assert found["error"]["message"].splitlines()[0] in said


def test_every_command_is_tried() -> None:
    names = {module.__name__.rpartition(".")[2].replace("_", "-") for module in COMMANDS}
    assert names == {command.split()[0] for command in WHOLE}


@pytest.mark.slow
def test_findings_are_told_by_values(project: Path, warm_python: WarmPython) -> None:
    _, relations, _ = run(warm_python, project, "lint shop.models:db --url-env SHOP_URL --relations")
    assert relations["relations"] == [
        {
            "field": "Order.customer_id",
            "model": "Customer",
            "why": relations["relations"][0]["why"],
            "is_declared": False,
        }
    ]
    generate = "generate shop.models:db --url-env SHOP_URL -o generated.py"
    assert run(warm_python, project, generate)[1]["files"][0]["status"] == "written"
    assert run(warm_python, project, f"{generate} --check")[1]["files"][0]["status"] == "up to date"
    (project / "generated.py").write_text("# written by kailash-testkit\n")
    code, checked, _ = run(warm_python, project, f"{generate} --check")
    assert (code, checked["files"][0]["status"]) == (1, "out of date")
