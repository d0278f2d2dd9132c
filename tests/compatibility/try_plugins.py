"""``make compatibility``: runs each case, and writes the table of ``docs/compatibility.md``.

    PYTHONPATH=tests:tests/docs python tests/compatibility/try_plugins.py [WORD ...]

With words, only the cases that contain one of them run, and nothing is written.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import tables
from cases import CASES, Case
from sessions import Outcome, missing, run

_LONGEST = 300  # seconds of one session


def tried(case: Case) -> Outcome:
    """The case in a folder of its own, with a new interpreter for each session."""

    def python(arguments: list[str], where: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=where,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST,
        )

    with tempfile.TemporaryDirectory(prefix="kailash-testkit-compatibility-") as folder:
        return run(case, Path(folder), python)


def main(words: list[str]) -> int:
    wanted = [case for case in CASES if not words or any(word in str(case) for word in words)]
    absent = {name for name in map(missing, wanted) if name is not None}
    if absent:
        print(f"not installed: {', '.join(sorted(absent))}; run make compatibility")
        return 2
    rows, failed = [], 0
    for case in wanted:
        outcome = tried(case)
        print(f"{case}: {'; '.join(outcome.faults) or f'{outcome.passed} tests pass'}", flush=True)
        if outcome.faults:
            failed += 1
            print(outcome.output)
        rows.append(tables.plugin_row(case, metadata.version(case.package), outcome.passed, outcome.faults))
    if not words:
        packages = ("kailash", "kailash-dataflow", "pytest", "pytest-asyncio")
        versions = [f"{name} {metadata.version(name)}" for name in packages]
        tables.write_said(f"Tried with Python {platform.python_version()}, {', '.join(versions)}.")
        tables.write("plugins", rows)
        print(f"written: {os.path.relpath(tables.PAGE)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
