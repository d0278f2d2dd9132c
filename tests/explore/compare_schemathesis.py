"""Which planted faults `kit.explore` finds, and which plain schemathesis does: same applications, rows, users and time.

    python tests/explore/compare_schemathesis.py [--seconds 10] [--only PATTERN] [--json FILE]

Each application runs behind uvicorn on a fresh SQLite file for `schemathesis run --max-time`, with all checks and all
phases, the description that the kit uses, and both users; and in this process for `kit.explore`. Schemathesis is given
a fault if it reports anything, by whatever check and for whatever operation, that it does not report of the mended
application. `kit.explore` is given it only by the check that is about it, on the operation that has it.
It prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import multiprocessing
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "corpus"), str(HERE.parent / "judge"), str(HERE.parent)]

import uvicorn  # noqa: E402
from explored_app import FAULTY, HEALTHY, App  # noqa: E402
from explored_models import register_models, store_rows  # noqa: E402
from explored_runs import explored, is_found  # noqa: E402
from sample_app import in_this_loop, make_db  # noqa: E402

from kailash_testkit import ApiClient, Kit  # noqa: E402
from kailash_testkit.command_line.quiet import unprinted  # noqa: E402

Reported = frozenset[tuple[str, str]]
"""Checks and operations."""


@dataclass
class Line:
    """What both said of one application; schemathesis: what it reported of the faulty one alone."""

    name: str
    check: str
    operation: str
    kit: bool
    kit_seconds: float
    kit_requests: int
    schemathesis: list[str]
    also_of_the_mended: list[str]


def main() -> None:
    arguments = _arguments()
    multiprocessing.set_start_method("fork")
    for name in ("kailash_testkit.explore.exploring", "schemathesis.openapi", "nexus"):
        importlib.import_module(name)  # once, not in the time of each exploration
    with unprinted():
        _compare(arguments)


def _compare(arguments: argparse.Namespace) -> None:
    kept: dict[str, Reported] = {}
    lines: list[Line] = []
    part, parts = (int(number) for number in arguments.part.split("/"))
    for app in [app for app in FAULTY if re.search(arguments.only, app.name)][part - 1 :: parts]:
        mended_name = _mended_name(app)
        if mended_name not in kept:
            kept[mended_name] = by_schemathesis(app, faulty=False, seconds=arguments.seconds)
        reported = by_schemathesis(app, faulty=True, seconds=arguments.seconds)
        is_there, seconds, requests = in_a_process(_by_the_kit, app, arguments.seconds)
        only, both = reported - kept[mended_name], reported & kept[mended_name]
        lines.append(
            Line(app.name, str(app.check), app.operation, is_there, seconds, requests, _words(only), _words(both))
        )
        print(
            f"{app.name}: kit {'yes' if is_there else 'no'}, schemathesis {_words(only)}", file=sys.stderr, flush=True
        )
        if arguments.json:
            Path(arguments.json).write_text(json.dumps([asdict(line) for line in lines], indent=1))
    alarms = {
        app.name: by_schemathesis(app, faulty=False, seconds=arguments.seconds)
        for app in (HEALTHY if arguments.healthy else [])
    }
    print(_table(lines, arguments.seconds))
    for name, reported in alarms.items():
        print(f"healthy {name}: schemathesis reports {_words(reported) or 'nothing'}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10, help="for each tool and application")
    parser.add_argument("--only", default="", help="a regular expression: applications with such a name")
    parser.add_argument("--part", default="1/1", help="2/3: the second third of the applications")
    parser.add_argument("--healthy", action="store_true", help="also what schemathesis says of healthy applications")
    parser.add_argument("--json", help="a file for all that was found")
    return parser.parse_args()


def _mended_name(app: App) -> str:
    """Orders by one framework are mended alike."""
    return app.mended or app.name


def _words(reported: Reported) -> list[str]:
    return sorted(f"{check} {operation}" for check, operation in reported)


# --- one application in a process of its own ---------------------------------------------------------------


def in_a_process(work: Any, *arguments: Any) -> Any:
    """What a function returned in a fork; what it leaves behind ends with it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=lambda: theirs.send(work(*arguments)), daemon=True)
    process.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        process.join(10)
        if process.is_alive():
            process.terminate()


def _by_the_kit(app: App, seconds: int) -> tuple[bool, float, int]:
    return asyncio.run(_explored(app, seconds))


async def _explored(app: App, seconds: int) -> tuple[bool, float, int]:
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-compare-") as folder:
        db = make_db(Path(folder, "explored.db"))
        register_models(db)
        async with Kit(db) as kit, in_this_loop(kit):
            await store_rows(kit)
            started = time.perf_counter()
            exploration = await explored(kit, app, faulty=True, seconds=seconds)
            taken = time.perf_counter() - started
        db.close()
    return is_found(app, exploration), taken, exploration.requests


def by_schemathesis(app: App, *, faulty: bool, seconds: int) -> Reported:
    """Checks and operations of the failures that it reports."""
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-compare-") as folder:
        port = _free_port()
        server = multiprocessing.Process(target=_serve, args=(app, faulty, Path(folder), port), daemon=True)
        server.start()
        try:
            _wait_for(port, server)
            command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", *_options(app, Path(folder))]
            command += ["--url", f"http://127.0.0.1:{port}", "--max-time", str(seconds), "--report", "json"]
            command += ["--report-json-path", "report.json", "--generation-database", "none", "--seed", "1"]
            command += ["--request-timeout", "5", "--no-color"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds * 4 + 60)
            report = Path(folder, "report.json")
            if not report.exists():
                raise SystemExit(f"{app.name}: schemathesis wrote no report\n{done.stdout}\n{done.stderr}")
            failures = json.loads(report.read_text())["failures"]
        finally:
            server.terminate()
            server.join()
    return frozenset((failure["type"], name) for failure in failures for name in failure["operations"])


def _options(app: App, folder: Path) -> list[str]:
    """Both users, where there are two."""
    if not isinstance(app.options.get("login"), dict):
        return []
    users = [("ann", app.options["login"]), ("bob", app.options["as_other"])]
    found = [
        {"name": name, "fixedHeaders": [{"name": header, "value": value} for header, value in headers.items()]}
        for name, headers in users
    ]
    (folder / "users.yaml").write_text(json.dumps({"auth": found}))  # JSON is YAML
    return ["--auth-wfc", "users.yaml"]


def _serve(app: App, faulty: bool, folder: Path, port: int) -> None:
    from kailash_testkit.explore.documents import document_of

    async def served() -> None:
        db = make_db(folder / "explored.db")
        register_models(db)
        async with Kit(db) as kit, in_this_loop(kit):
            await store_rows(kit)
            application = app.build(kit.dataflow, faulty)
            document = await document_of(ApiClient(application, kit=kit), app.schema())
            (folder / "openapi.json").write_text(json.dumps(document))
            asgi = getattr(application, "fastapi_app", application)
            await uvicorn.Server(uvicorn.Config(asgi, port=port, log_level="critical")).serve()

    asyncio.run(served())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(port: int, server: Any, most: float = 60.0) -> None:
    until = time.monotonic() + most
    while time.monotonic() < until and server.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the application did not start")


# --- the table ----------------------------------------------------------------------------------------------


def _table(lines: list[Line], seconds: int) -> str:
    planted = Counter(line.check for line in lines)
    kit = Counter(line.check for line in lines if line.kit)
    other = Counter(line.check for line in lines if line.schemathesis)
    rows = [
        f"Faults found in {seconds} s each:",
        "",
        "| Fault | planted | kit.explore | schemathesis |",
        "|---|---|---|---|",
    ]
    rows += [f"| `{check}` | {planted[check]} | {kit[check]} | {other[check]} |" for check in sorted(planted)]
    total = f"| **all** | {len(lines)} | {sum(kit.values())} | {sum(other.values())} |"
    return "\n".join([*rows, total])


if __name__ == "__main__":
    main()
