"""What the figures were measured on."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "kailash", "kailash-dataflow", "pytest", "pytest-asyncio", "pytest-xdist", "httpx", "starlette", "fastapi",
    "asyncpg", "aiosqlite", "polyfactory",
)  # fmt: skip
SERVERS = ("postgres", "mariadbd")


def description() -> Iterator[str]:
    """A line each for the day, the machine, and the versions."""
    yield f"{date.today().isoformat()}, {platform.system()} {platform.release()} {platform.machine()}"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB of memory"
    yield f"load when the run ended (1, 5, 15 minutes): {', '.join(f'{each:.1f}' for each in os.getloadavg())}"
    yield f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    found: list[str] = []
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    yield ", ".join(found)
    yield from _servers()


def _processor() -> str:
    place = Path("/proc/cpuinfo")
    lines = place.read_text("utf-8").splitlines() if place.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unnamed"


def _servers() -> Iterator[str]:
    """What the installed servers say of themselves."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    for name in SERVERS:
        program = shutil.which(name) or (str(newest[-1]) if name == "postgres" and newest else None)
        if program is not None:
            yield (
                subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
                .stdout.strip()
                .removeprefix(f"{Path(program).parent}/")
            )
