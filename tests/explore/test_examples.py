"""The example applications are explored, and nothing is found in them that is not named here."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

import pytest
from warm_python import WarmPython

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOP_USERS = """
    async def login(api):
        await api.kit.create("Customer", id="me", token="token-of-mine")
        return {"Authorization": "Bearer token-of-mine"}

    async def as_other(api):
        await api.kit.create("Customer", id="them", token="token-of-theirs")
        return {"Authorization": "Bearer token-of-theirs"}
"""


def explored(warm_python: WarmPython, example: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own: the examples' packages are imported by their own names."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    environment["PYTHONPATH"] = str(folder)
    command = ("-m", "kailash_testkit.command_line", "explore", "--requests", "150", "--seconds", "600", *arguments)
    return warm_python.start(*command, folder=EXAMPLES / example, environment=environment).wait(600)


def test_the_shop(warm_python: WarmPython, tmp_path: Path) -> None:
    (tmp_path / "shop_users.py").write_text(textwrap.dedent(SHOP_USERS))
    # DataFlow's nodes rewrite text that looks like SQL.
    done = explored(
        warm_python,
        "shop",
        tmp_path,
        "--login",
        "shop_users:login",
        "--as-other",
        "shop_users:as_other",
        "--skip",
        "edge-not-kept",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "never a success" not in done.stdout


def test_the_nexus(warm_python: WarmPython, tmp_path: Path) -> None:
    # A handler that raises is an opaque 500 there.
    done = explored(warm_python, "nexus_app", tmp_path, "--skip", "edge-not-kept", "--skip", "server-error")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "POST /workflows/take_item/execute" in done.stdout
