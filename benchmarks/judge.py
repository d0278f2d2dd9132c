"""The judge: the shop's suite, each test many times, with the judge off and on, in turns.

    python benchmarks/judge.py [rounds [repeats]]

Each turn is a pytest session of its own. What is compared is the processor time of the tests, from set-up to teardown,
of all threads. Sessions differ among themselves by more than the judge costs: so what it takes is measured within them
as well.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measuring import Figure, Target, compare, report
from shop_suite import TESTS, in_turns, project_in

REPEATS = 17  # of 12 tests: about 200
_MEASURING = """
from kailash_testkit.pytest_plugin.judging.plugin import Judging

judge = Judging._judge

def measured(self, item):
    global within
    started = time.process_time()
    try:
        return judge(self, item)
    finally:
        within += time.process_time() - started

Judging._judge = measured
"""


def main(rounds: int = 7, repeats: int = REPEATS) -> None:
    """Prints the medians and their ratio. repeats: of each test, in each session."""
    modes = {"without the judge": ["--testkit-judge=off"], "with the judge": ["--testkit-judge=report"]}
    with tempfile.TemporaryDirectory() as folder:
        spent = in_turns(project_in(Path(folder)), modes, rounds, repeats, _MEASURING)
    compare(f"processor time of about {TESTS * (repeats - 1)} tests", spent.seconds, unit="s")
    shares = tuple(100 * each for each in spent.shares["with the judge"])
    within = Figure("measured within the sessions", "%", shares, None, Target(3, of="value"))
    report("the judge's share of the tests", [within])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
