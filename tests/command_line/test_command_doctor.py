"""``kailash-testkit doctor`` as a user runs it: a process of its own, in a project's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from warm_python import WarmPython

pytestmark = pytest.mark.slow

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["SHOP_URL"], cache_enabled=False)
    print("the application talks")

    @db.model
    class Order:
        id: int
        total: float
        paid: bool = False

    @db.model
    class Picture:
        id: int
        data: bytes
"""


class Project:
    """A project's folder, in which the command is run."""

    def __init__(self, path: Path, python: WarmPython) -> None:
        self.path = path
        self._python = python

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | variables
        command = ("-m", "kailash_testkit.command_line", "doctor", *arguments)
        return self._python.run(*command, folder=self.path, environment=environment)


@pytest.fixture
def project(tmp_path: Path, warm_python: WarmPython) -> Project:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text(textwrap.dedent(MODELS))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npythonpath = ["."]\n'
        'testkit_url_env = "SHOP_URL"\ntestkit_dataflow = "shop.models:db"\n'
    )
    return Project(tmp_path, warm_python)


def test_what_is_lost_is_told_with_exit_code_1_and_nothing_is_left(project: Project) -> None:
    before = {path.name for path in project.path.iterdir()}
    done = project.run()
    assert done.returncode == 1, done.stderr
    lost, formed = done.stdout.split("\n\n")[1:3]
    assert lost.startswith("LOST")
    assert "Picture.data  bytes" in lost
    assert "declare str, and store base64.b64encode(value).decode()" in lost
    assert "Order.paid  bool" in formed
    assert "\x1b" not in done.stdout
    assert done.stderr == "the application talks\n"
    assert {path.name for path in project.path.iterdir()} - before <= {"__pycache__"}


def test_what_is_accepted_does_not_count_and_json_has_all_of_it(project: Project) -> None:
    done = project.run("--json", "--accept", "bytes")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["healthy"] is True
    by_field = {each["field"]: each for each in found["findings"]}
    assert by_field["data"]["accepted"] is True
    assert by_field["data"]["loss"] is True
    assert by_field["paid"]["comes_back"] == "1"
    assert found["tried"] > 5


def test_a_healthy_model(project: Project) -> None:
    done = project.run("--only", "Order")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("nothing is lost\n")
    assert "Picture" not in done.stdout


def test_a_setting_that_bites(project: Project) -> None:
    done = project.run("--only", "Order", SHOP_URL="sqlite:///:memory:")
    assert done.returncode == 1, done.stderr
    assert "SETTING: the application's URL is sqlite:///:memory:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "Ordre"], "no such model: did you mean 'Order'?"),
        (["--database", "oracle"], "--database=oracle: not a kind of database"),
        (["--url-env", "OTHER_URL"], "KeyError"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(project: Project, arguments: list[str], message: str) -> None:
    done = project.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr


def test_an_application_with_an_url_of_its_own_is_left_alone(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    models = textwrap.dedent(MODELS).replace('os.environ["SHOP_URL"]', f'"sqlite:///{own}"')
    (tmp_path / "shop" / "models.py").write_text(models)
    done = project.run()
    assert done.returncode == 2
    assert "not to the throw-away database" in done.stderr
    assert not own.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal_there_is_progress_and_bold(project: Project, no_color: str) -> None:
    import pty

    (project.path / "slow.py").write_text("import time\ntime.sleep(1.2)\nfrom shop.models import db\n")
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "kailash_testkit.command_line", "doctor", "slow:db"]
    environment = {**os.environ, "NO_COLOR": no_color}
    process = subprocess.Popen(command, cwd=project.path, env=environment, stdout=terminal, stderr=terminal)
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(controller, 4096)
        except OSError:  # the command has ended
            break
    os.close(controller)
    assert process.wait(100) == 1
    assert b"\rimporting slow:db" in seen
    assert b"Picture (2 of 2)" in seen
    assert (b"\x1b[1mLOST" in seen) is not bool(no_color)
