"""Write coverage: the suite of the shop, each test many times, with --testkit-coverage off and on, in turns.

    python benchmarks/write_coverage.py [rounds]

Each turn is a pytest session of its own. What is compared is the processor time of the tests, from set-up to teardown,
of all threads; the median of the pairs, since sessions differ among themselves. Lost writes and failpoints run tests
again, and are measured by themselves: the seconds that the trials of one run of the suite take.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measuring import compare
from shop_suite import TESTS, in_turns, project_in, session

REPEATS = 12  # of 12 tests: about 140


def main(rounds: int) -> None:
    """Prints the medians, their ratio, and what lost writes take."""
    modes = {"without write coverage": [], "with write coverage": ["--testkit-coverage=term"]}
    with tempfile.TemporaryDirectory() as folder:
        project = project_in(Path(folder))
        lost = session(project, "--testkit-lose-writes")
        spent = in_turns(project, modes, rounds, REPEATS)
    compare(f"processor time of about {TESTS * (REPEATS - 1)} tests", spent.seconds, unit="s")
    print("lost writes, each test of the shop once:")
    print("  " + next(line for line in lost.splitlines() if line.startswith("lost writes:")))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
