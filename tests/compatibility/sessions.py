"""Running a case: a pytest session in a project of its own, with that plugin, pytest-asyncio and the kit alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cases import Case, module_of
from doc_blocks import clean_environment, write
from shop_project import files, settings

Run = Callable[[list[str], Path, Mapping[str, str]], "subprocess.CompletedProcess[str]"]
"""Runs Python with these arguments, in a folder, with an environment."""


@dataclass(frozen=True)
class Outcome:
    """What came of a case. passed: how many tests passed. faults: what is not as it should be."""

    passed: int
    faults: list[str]
    output: str


def missing(case: Case) -> str | None:
    """The first distribution that the case needs and that is not installed."""
    for name in (case.package, *case.further):
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return name
    return None


def run(case: Case, folder: Path, python: Run) -> Outcome:
    """Runs the sessions of a case."""
    write(folder, {**files(case.mark), **module_of(case), **case.files})
    write(folder, {"pyproject.toml": _toml(settings(**case.settings)), "tmp/.keep": ""})
    environment = clean_environment() | {"TMPDIR": str(folder / "tmp")}
    environment.pop("PYTHONPATH", None)
    arguments = ["-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *_others(case), "--testkit-verify"]
    arguments += case.arguments
    if case.before is not None:
        python([*arguments, *case.before], folder, environment)
    passed, faults, output = 0, [], ""
    for more in case.runs:
        done = python([*arguments, *more], folder, environment)
        output += done.stdout + done.stderr
        counts = _counts(folder)
        passed += counts.get("passed", 0)
        due = {"passed": case.passed, **case.others}
        if counts != due:
            faults.append(f"{counts} instead of {due}")
        if done.returncode != (1 if case.others.get("failed") else 0):
            faults.append(f"exit code {done.returncode}")
        if done.stderr:
            faults.append(f"stderr: {done.stderr.strip().splitlines()[-1]}")
    return Outcome(passed, faults, output)


def _others(case: Case) -> list[str]:
    """The options that keep out all plugins but the kit's, pytest-asyncio and those of the case."""
    packages = ["kailash-testkit", *(["pytest-asyncio"] if case.asyncio else []), case.package, *case.further]
    wanted = {point.name for package in packages for point in metadata.distribution(package).entry_points}
    installed = {point.name for point in metadata.entry_points(group="pytest11")}
    return [f"-pno:{name}" for name in sorted(installed - wanted)]


def _counts(folder: Path) -> dict[str, int]:
    """What the session's own summary said, which is then removed."""
    said = folder / "counts.json"
    if not said.exists():
        return {}
    counts: dict[str, int] = json.loads(said.read_text())
    said.unlink()
    return counts


def _toml(options: Mapping[str, object]) -> str:
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    return "\n".join(["[tool.pytest.ini_options]", *lines]) + "\n"
