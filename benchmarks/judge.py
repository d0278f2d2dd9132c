"""The judge: the shop's suite, each test many times, with the judge off and on, in turns.

    python benchmarks/judge.py [rounds]

Each turn is a pytest session of its own. What is compared is the processor time of the tests, from set-up to teardown,
of all threads. Sessions differ among themselves by more than the judge costs: so what it takes is measured within them
as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Figure, Target, compare, report

SHOP = Path(__file__).parents[1] / "examples" / "shop"
REPEATS = 17  # of 12 tests: about 200

_CONFTEST = f"""
import time
import pytest

from kailash_testkit.pytest_plugin.judging.plugin import Judging

spent = judging = 0.0
judge = Judging._judge

def measured(self, item):
    global judging
    started = time.process_time()
    try:
        return judge(self, item)
    finally:
        if "[0" not in item.name:
            judging += time.process_time() - started

Judging._judge = measured

def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("run_number")
    metafunc.parametrize("run_number", range({REPEATS}))

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    global spent
    started = time.process_time()
    try:
        return (yield)
    finally:
        if "[0" not in item.name:  # the first of each imports, and makes the database
            spent += time.process_time() - started

def pytest_sessionfinish():
    with open("spent.txt", "w") as file:
        print(spent, judging, file=file)
"""
_MARKER = "@pytest.mark.testkit(failpoints=True)"


def main(rounds: int) -> None:
    """Prints the medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "shop"
        shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns("__pycache__"))
        (project / "conftest.py").write_text(_CONFTEST)
        orders = project / "tests" / "test_orders.py"
        orders.write_text("\n".join(line for line in orders.read_text().splitlines() if not line.startswith(_MARKER)))
        spent: dict[str, list[float]] = {"off": [], "report": []}
        shares: list[float] = []
        for turn in range(rounds):
            for mode in spent if turn % 2 else reversed(spent):
                tests, judging = session(project, mode)
                spent[mode].append(tests)
                if mode == "report":
                    shares.append(judging / (tests - judging))
    tests = 12 * (REPEATS - 1)
    named = {"without the judge": spent["off"], "with the judge": spent["report"]}
    compare(f"processor time of about {tests} tests", named, unit="s")
    within = Figure(
        "measured within the sessions", "%", tuple(100 * each for each in shares), None, Target(3, of="value")
    )
    report("the judge's share of the tests", [within])


def session(project: Path, mode: str) -> tuple[float, float]:
    """A pytest session; the processor time of its tests, and of the judge in them, in seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    subprocess.run([*command, f"--testkit-judge={mode}"], cwd=project, env=environment, check=True, capture_output=True)
    tests, judging = map(float, (project / "spent.txt").read_text().split())
    return tests, judging


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
