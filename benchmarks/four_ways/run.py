"""A whole suite, four ways: the same 300 tests of an application with 20 models, with the kit and without.

    python benchmarks/four_ways/run.py [--rounds N] [--tests N] [--kinds sqlite,postgresql] [--processes 1,2]

(a) with the kit, as it is, and without what it says of requests that no test asked about; (b) with the helpers that
applications' tests carry; (c) with polyfactory, `express`, and a database cloned from a template for each test; (d)
with a new DataFlow for each test; (e) with the kit's factories and client and no isolation at all, the base line. Each
is a module in `ways`; the tests are in `scenarios.py`.

Sessions of all ways take turns. PostgreSQL is one private server for all of them, without durability, its data in
memory where there is room; SQLite files lie in the same folder. Ways that take long run fewer tests, spread over the
whole suite, and are scaled to all; a figure that was scaled says so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from measuring import Figure, Target, report  # noqa: E402

from kailash_testkit.databases.servers import started  # noqa: E402
from kailash_testkit.databases.storage import RunFolder  # noqa: E402
from kailash_testkit.errors import ServerUnavailable  # noqa: E402

TESTS = 300
KIT, UNJUDGED, HELPERS, TEMPLATE, NEW, BASE = (
    "with the kit",
    "with the kit, nothing judged or observed",
    "helpers: a workflow per row, BulkDelete after a test",
    "polyfactory, and a clone of a template per test",
    "a new DataFlow per test",
    "the kit's factories, without any isolation",
)


@dataclass(frozen=True)
class Way:
    """plugin: its module in `ways`. share: of the tests, one in so many is run. options: of pytest."""

    plugin: str
    share: int = 1
    has_kit: bool = False
    options: tuple[str, ...] = ()


WAYS = {
    KIT: Way("with_kit", has_kit=True),
    UNJUDGED: Way("with_kit", has_kit=True, options=("-o", "testkit_judge=off", "-o", "testkit_n_plus_one=off")),
    BASE: Way("no_isolation"),
    HELPERS: Way("helpers", share=6),
    TEMPLATE: Way("template", share=6),
    NEW: Way("new_dataflow", share=30),
}


@dataclass(frozen=True)
class Session:
    """What one session took, in seconds; `whole` from the command to its end, scaled to all tests."""

    whole: float
    wall_per_test: float
    processor_per_test: float


def main(rounds: int, tests: int, kinds: list[str], processes: list[int]) -> None:
    """Measures each kind of database with each number of processes."""
    for kind in kinds:
        try:
            with place(kind) as (server, folder):
                for workers in processes:
                    compare(kind, workers, server, folder, rounds, tests)
        except ServerUnavailable as error:
            print(f"{kind}: {error.what}")


@contextmanager
def place(kind: str) -> Iterator[tuple[str, Path]]:
    """The URL of a server of this run, empty for SQLite, and a folder for files."""
    folder = RunFolder()
    folder.create()
    try:
        if kind == "sqlite":
            yield "", folder.path
        else:
            with started(kind) as server:
                server.create("measured")
                yield server.url("measured"), folder.path
    finally:
        folder.remove()


def compare(kind: str, workers: int, server: str, folder: Path, rounds: int, tests: int) -> None:
    """The ways in turns. Those that are measured with fewer tests, because they take long, are measured once."""
    is_first = workers == 1 and tests >= TESTS
    for way in WAYS.values() if is_first else ():  # compiles what is imported, and does not count
        session(way, workers, server, folder, 2, tests)
    taken: dict[str, list[Session]] = {name: [] for name in WAYS}
    for turn in range(rounds if workers == 1 else 2):
        for name, way in WAYS.items():
            if turn == 0 or way.share == 1:
                taken[name].append(session(way, workers, server, folder, max(4, tests // way.share), tests))
    with_workers = "one process" if workers == 1 else f"{workers} processes"
    title = f"{tests} tests of 20 models, {kind}, {with_workers}"
    figures = [figure(name, [each.whole for each in taken[name]], tests) for name in WAYS]
    report(title, figures)
    if workers == 1:
        report(f"{title}: a test alone, set-up to teardown", price(kind, taken))


def figure(name: str, seconds: list[float], tests: int) -> Figure:
    share = WAYS[name].share
    target = None if name in (KIT, UNJUDGED, BASE) else Target(1.0, at="least")
    note = f"measured with {max(4, tests // share)} tests, scaled to {tests}" if share > 1 else ""
    return Figure(name, "s", tuple(seconds), None if name == KIT else KIT, target, note)


def price(kind: str, taken: dict[str, list[Session]]) -> list[Figure]:
    """What a test takes beyond start and end of the session: processor time where no server works as well."""
    on_server = kind != "sqlite"
    clock = "the clock" if on_server else "processor time"
    made: list[Figure] = []
    for name in WAYS:
        times = [each.wall_per_test if on_server else each.processor_per_test for each in taken[name]]
        target = Target(1.1) if name == KIT else None
        made.append(
            Figure(name, "ms", tuple(1000 * each for each in times), None if name == BASE else BASE, target, clock)
        )
    return made


def session(way: Way, workers: int, server: str, folder: Path, count: int, tests: int) -> Session:
    """Runs `count` tests in a pytest session of its own."""
    for old in folder.glob("clock-*.json"):
        old.unlink()
    command = [sys.executable, "-m", "pytest", "-p", f"ways.{way.plugin}", "-p", "ways.clock", f"--spread={count}"]
    command += ["-n", str(workers)] if workers > 1 else []
    command += way.options
    command += [f"--testkit-database={server or 'sqlite'}"] if way.has_kit else ["-p", "no:kailash_testkit"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "TESTKIT_"))}
    environment = {
        **kept,
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "",
        "WAYS_SERVER": server,
        "WAYS_FOLDER": str(folder),
    }
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
    whole = time.perf_counter() - begun
    if done.returncode or f"{count} passed" not in done.stdout:
        raise SystemExit(f"the tests of {way.plugin} failed:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
    clocks = [json.loads(file.read_text()) for file in folder.glob("clock-*.json")]
    measured = sum(clock["tests"] for clock in clocks)
    wall = sum(clock["wall"] for clock in clocks) / measured
    processor = sum(clock["processor"] for clock in clocks) / measured
    return Session(whole + (tests - count) * wall / workers, wall, processor)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tests", type=int, default=TESTS)
    parser.add_argument("--kinds", default="sqlite,postgresql")
    parser.add_argument("--processes", default="1,2")
    given = parser.parse_args()
    main(given.rounds, given.tests, given.kinds.split(","), [int(number) for number in given.processes.split(",")])
