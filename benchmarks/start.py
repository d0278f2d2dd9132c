"""What the kit adds to a pytest session: its start, and each test that touches no database.

    python benchmarks/start.py [rounds] [kind ...]

The same project of 50 models runs with the kit and without, in turns, each in a process of its own. Without the kit
(``-p no:kailash_testkit``) a fixture of scope session lets DataFlow make the tables; with it, the test asks for the
kit. So what differs is the kit's own share. Without the kit the tables are made in a database that is there: on
PostgreSQL in one of a private server like the kit's, which with the kit is set up within the session.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from kailash_testkit.databases.servers import Server, started

MODELS, TESTS = 50, 1000
APP = """
import os
from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False, migration_enabled=False)
fields = {"id": int, "name": str, "note": str, "total": float, "count": int, "done": bool, "owner": str}
for number in range(%d):
    db.model(type(f"Model{number}", (), {"__annotations__": fields}))
"""
CONFTEST = """
import os, time
from pathlib import Path
import pytest

if os.environ["KIT"] == "no":
    @pytest.fixture(scope="session")
    def kit():
        from app import db
        db.create_tables_sync()
        return db

times = []

def pytest_runtest_logstart(nodeid):
    times.append(time.process_time())

def pytest_sessionfinish():
    times.append(time.process_time())
    Path(os.environ["TIMES"]).write_text(f"{times[-1] - times[1]}")
"""
FIRST = "def test_first(kit):\n    assert kit is not None\n"
NOTHING = "import pytest\n\n\n@pytest.mark.parametrize('number', range({}))\ndef test_nothing(number):\n    pass\n"
INI = "[pytest]\npythonpath = .\ntestkit_dataflow = app:db\naddopts = -q -W ignore -p no:cacheprovider -p no:randomly\n"


def main(rounds: int, kinds: list[str]) -> None:
    """Makes the projects, measures, prints."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        project = Path(folder)
        (project / "app.py").write_text(APP % MODELS)
        (project / "conftest.py").write_text(CONFTEST)
        (project / "pytest.ini").write_text(INI)
        (project / "test_first.py").write_text(FIRST)
        (project / "test_nothing.py").write_text(NOTHING.format(TESTS))
        for kind in kinds:
            server = stack.enter_context(started(kind)) if kind != "sqlite" else None
            measure_start(project, kind, server, rounds)
        measure_tests(project, rounds)


def measure_start(project: Path, kind: str, server: Server | None, rounds: int) -> None:
    """Sessions of one test."""
    wall: dict[str, list[float]] = defaultdict(list)
    processor: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        plain = _database(project, server, turn)
        for name, options in (("without the kit", plain), ("with the kit", {"KIT": "yes", "TESTKIT_DATABASE": kind})):
            taken, used = session(project, "test_first.py", options)
            if turn:
                wall[name].append(taken)
                processor[name].append(used)
    print(f"a session of one test, {MODELS} models, {kind}: seconds, medians of {rounds}")
    for name in wall:
        print(f"  {name:<58} {median(wall[name]):7.2f}   {median(processor[name]):7.2f} of the processor")
    for name, share in (("the share of the kit", _share), ("the same by the fastest of each", _share_of_minima)):
        print(f"  {name:<58} {share(wall):7.2f}   {share(processor):7.2f} of the processor")


def measure_tests(project: Path, rounds: int) -> None:
    """Sessions of many tests that touch nothing, after one that uses the kit: the time from the second test on."""
    taken: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        plain = _database(project, None, turn)
        for name, options in (
            ("without the kit", plain),
            ("with the kit", {"KIT": "yes", "TESTKIT_DATABASE": "sqlite"}),
        ):
            session(project, ".", options)
            if turn:
                taken[name].append(float((project / "times").read_text()) / TESTS * 1000)
    print(f"a test that touches nothing, sessions of {TESTS}: milliseconds of the processor, medians of {rounds}")
    for name, found in taken.items():
        print(f"  {name:<58} {median(found):7.3f}   at least {min(found):7.3f}")
    print(f"  {'the share of the kit':<58} {_share(taken):7.3f}   at least {_share_of_minima(taken):7.3f}")


def session(project: Path, what: str, options: Mapping[str, str]) -> tuple[float, float]:
    """Seconds of a session by the clock, and of the processor, with all its processes."""
    environment = {**os.environ, **options, "TIMES": str(project / "times")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else everything is compiled in each session
    command = [sys.executable, "-m", "pytest", what]
    if options["KIT"] == "no":
        command += ["-p", "no:kailash_testkit"]
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    taken, after = time.perf_counter() - start, os.times()
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return taken, used


def _database(project: Path, server: Server | None, turn: int) -> dict[str, str]:
    """What a session without the kit is to use."""
    if server is None:
        return {"KIT": "no", "DATABASE_URL": f"sqlite:///{project}/plain{turn}.db"}
    server.create(f"plain{turn}")
    return {"KIT": "no", "DATABASE_URL": server.url(f"plain{turn}")}


def _share(times: Mapping[str, list[float]]) -> float:
    return median(times["with the kit"]) - median(times["without the kit"])


def _share_of_minima(times: Mapping[str, list[float]]) -> float:
    return min(times["with the kit"]) - min(times["without the kit"])


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 5, arguments[1:] or ["sqlite", "postgresql"])
