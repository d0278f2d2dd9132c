"""Write coverage: the suite of the shop, each test many times, with --testkit-coverage off and on, in turns.

    python benchmarks/write_coverage.py [rounds]

Each turn is a pytest session of its own. What is compared is the processor time of the tests, from set-up to teardown,
of all threads; the median of the pairs, since sessions differ among themselves. Lost writes and failpoints run tests
again, and are measured by themselves: the seconds that the trials of one run of the suite take.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SHOP = Path(__file__).parents[1] / "examples" / "shop"
REPEATS = 12  # of 12 tests: about 140

_CONFTEST = f"""
import time
import pytest

spent = 0.0

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
        print(spent, file=file)
"""
_MARKER = "@pytest.mark.testkit(failpoints=True)"


def main(rounds: int) -> None:
    """Prints the medians, their ratio, and what lost writes take."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "shop"
        shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns("__pycache__"))
        orders = project / "tests" / "test_orders.py"
        orders.write_text("\n".join(line for line in orders.read_text().splitlines() if not line.startswith(_MARKER)))
        lost = session(project, "--testkit-lose-writes")
        (project / "conftest.py").write_text(_CONFTEST)
        spent: dict[str, list[float]] = {"off": [], "on": []}
        for turn in range(rounds):
            for mode in spent if turn % 2 else reversed(spent):
                session(project, *(["--testkit-coverage=term"] if mode == "on" else []))
                spent[mode].append(float((project / "spent.txt").read_text()))
    off, on = (statistics.median(spent[mode]) for mode in ("off", "on"))
    pairs = sorted(100 * (with_it / without - 1) for with_it, without in zip(spent["on"], spent["off"], strict=True))
    print(f"seconds of processor time for about {12 * (REPEATS - 1)} tests, median of {rounds} sessions")
    print(f"  without write coverage  {off:6.2f}   least {min(spent['off']):6.2f}")
    print(f"  with write coverage     {on:6.2f}   least {min(spent['on']):6.2f}   {100 * (on / off - 1):+.1f} %")
    print(f"  pairs of sessions       {', '.join(f'{pair:+.1f} %' for pair in pairs)}")
    print("lost writes, each test of the shop once:")
    print("  " + next(line for line in lost.splitlines() if line.startswith("lost writes:")))


def session(project: Path, *options: str) -> str:
    """A pytest session; its output."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
