"""The suite of examples/shop, each test many times, with something of the kit off and on, in turns.

Each turn is a pytest session of its own. What is compared is the processor time of the tests, from set-up to teardown,
of all threads. The first run of each test does not count: it imports, and makes the database.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHOP: Final = Path(__file__).parents[1] / "examples" / "shop"
TESTS: Final = 12
_MARKER: Final = "@pytest.mark.testkit(failpoints=True)"  # it runs a test again
_CONFTEST: Final = """
import time
import pytest

spent = within = 0.0
{measuring}
def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("run_number")
    metafunc.parametrize("run_number", range({repeats}))

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    global spent, within
    started, before = time.process_time(), within
    try:
        return (yield)
    finally:
        if "[0" in item.name:
            within = before
        else:
            spent += time.process_time() - started

def pytest_sessionfinish():
    with open("spent.txt", "w") as file:
        print(spent, within, file=file)
"""


@dataclass
class Spent:
    """By mode, for each session: seconds, and what share of the rest the measured part was."""

    seconds: dict[str, list[float]]
    shares: dict[str, list[float]]


def project_in(folder: Path) -> Path:
    """A copy of the shop, without the marker that runs a test again."""
    project = folder / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns("__pycache__"))
    orders = project / "tests" / "test_orders.py"
    orders.write_text("\n".join(line for line in orders.read_text().splitlines() if not line.startswith(_MARKER)))
    return project


def in_turns(
    project: Path, modes: Mapping[str, Sequence[str]], rounds: int, repeats: int, measuring: str = ""
) -> Spent:
    """Sessions of each mode, in turns. modes: pytest's options of each.

    measuring: source that adds the seconds of what is measured within the sessions to the global `within`.
    """
    (project / "conftest.py").write_text(_CONFTEST.format(repeats=repeats, measuring=measuring))
    found = Spent({mode: [] for mode in modes}, {mode: [] for mode in modes})
    for turn in range(rounds):
        for mode in modes if turn % 2 else reversed([*modes]):
            session(project, *modes[mode])
            tests, within = map(float, (project / "spent.txt").read_text().split())
            found.seconds[mode].append(tests)
            found.shares[mode].append(within / (tests - within))
    return found


def session(project: Path, *options: str) -> str:
    """A pytest session; its output."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    return done.stdout
