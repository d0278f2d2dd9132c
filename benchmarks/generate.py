"""Generating, and importing, the typed factories of an application of many models.

    python benchmarks/generate.py [models]

Prints the time of generating beyond that of importing the application, and the time of importing the
generated module beyond that of the application and the kit, in a process that finds it compiled and in one
that does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import Figure, Target, report

FIELDS = """
    id: str
    organization_id: str
    name: str
    email: str
    status: Status = Status.OPEN
    total: float
    quantity: int
    is_active: bool = True
    starts_at: datetime
    note: str = ""
    details: dict = {}
    tags: list = []
"""
HEAD = """
import os
from datetime import datetime
from enum import Enum
from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False, migration_enabled=False)


class Status(str, Enum):
    OPEN = "open"
    CLOSED = "closed"
"""
IMPORTING = """
import time
import app, kailash_testkit.factories.typed
started = time.perf_counter()
import generated
print((time.perf_counter() - started) * 1000)
"""


def main(models: int) -> None:
    """Makes the application, measures, prints."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.db"
        sys.path.insert(0, folder)
        classes = "".join(f"\n\n@db.model\nclass Model{number}:{FIELDS}" for number in range(models))
        Path("app.py").write_text(HEAD + classes)
        text, taken = generated()
        Path("generated.py").write_text(text)
        lines, size = len(text.splitlines()), len(text) // 1024
        first = importing()
        compiled = tuple(importing() for _ in range(3))
        report(
            f"typed factories of {models} models of 12 fields: {lines} lines, {size} KiB",
            [
                Figure("generating, beyond importing the application", "ms", (taken,), target=Target(2000, of="value")),
                Figure("importing, the first time (compiles)", "ms", (first,), target=Target(100, of="value")),
                Figure("importing, compiled", "ms", compiled, target=Target(100, of="value")),
            ],
        )


def generated() -> tuple[str, float]:
    """The module and the milliseconds it took."""
    from importlib import import_module

    from kailash_testkit.generate.module import generate_module

    db = import_module("app").db
    started = time.perf_counter()
    text = generate_module(db, "app:db")
    taken = (time.perf_counter() - started) * 1000
    db.close()
    return text, taken


def importing() -> float:
    """Milliseconds of importing the module in a new process, beyond what it imports itself."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
