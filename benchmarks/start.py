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

from measuring import Figure, Target, report

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
    limit = Target(2.0 if server else 0.3, of="value")
    for title, times in (("by the clock", wall), ("of the processor", processor)):
        share = _share("the kit's share", "s", times, limit)
        report(f"a session of one test, {MODELS} models, {kind}, {title}", [*_figures("s", times), share])


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
    share = _share("the kit's share", "ms", taken, Target(0.1, of="value"))
    report(f"a test that touches nothing, of {TESTS}, of the processor", [*_figures("ms", taken), share])


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


def _figures(unit: str, times: Mapping[str, list[float]]) -> list[Figure]:
    return [Figure(name, unit, tuple(found)) for name, found in times.items()]


def _share(name: str, unit: str, times: Mapping[str, list[float]], target: Target) -> Figure:
    """What the kit adds, round by round."""
    pairs = zip(times["with the kit"], times["without the kit"], strict=True)
    return Figure(name, unit, tuple(mine - plain for mine, plain in pairs), target=target)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 5, arguments[1:] or ["sqlite", "postgresql"])
