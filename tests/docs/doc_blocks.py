"""The documentation's code blocks, and running them: each in a project as its reader would have it.

A block whose first line is a comment with a path (``# shop/models.py``) is that file of the reader's
project. Any other Python block is an example: a test module if it defines a test, a script otherwise.
The text block above an example is the error that it prints; without one it runs without an error.
`<!-- alone -->` above an example gives it a pytest session of its own. The commands of the kit that a page shows
(``sh`` blocks) are run in the project of each of its examples first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INDEX = DOCS / "errors.md"
PAGES = sorted(DOCS.rglob("*.md"))

_BLOCK = re.compile(
    r"(?P<alone>^<!-- alone -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILE = re.compile(r"# (?P<path>[\w/]+\.(?:py|toml))\n")
_COMMAND = re.compile(r"^```sh\nkailash-testkit (.+)\n```$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)(?P<target>[^)#\s]+)(?:#[^)]*)?\)")
_TABLE_CALL = re.compile(r"^\| `(?P<call>(?:await )?[a-z]\w*\.\w+\(.*?\))` \|", re.MULTILINE)

_RECORDER = """
import json, os, traceback
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.when == "call" or call.excinfo is not None:
        error = call.excinfo and "".join(traceback.format_exception_only(call.excinfo.value)).strip()
        with open(os.environ["RECORD"], "a") as record:
            print(json.dumps([item.path.stem, item.name, error]), file=record)
    return (yield)
"""

_SCRIPTS = """
import json, os, sys, traceback
from pathlib import Path

for script in map(Path, sys.argv[1:]):
    error = None
    try:
        exec(compile(script.read_text(), script, "exec"), {"__name__": "__main__"})
    except Exception as raised:
        error = "".join(traceback.format_exception_only(raised)).strip()
    with open(os.environ["RECORD"], "a") as record:
        print(json.dumps([script.stem, "", error]), file=record)
"""


@dataclass(frozen=True)
class Example:
    """A block to run. error: the text that it prints, or None; files: those of the page's own project."""

    name: str
    code: str
    error: str | None
    alone: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    @property
    def is_test(self) -> bool:
        return re.search(r"^(async )?def test_", self.code, re.MULTILINE) is not None

    @property
    def needs_own_session(self) -> bool:
        return self.alone or bool(self.files) or bool(self.commands)

    def __str__(self) -> str:
        return self.name


def files_of(page: Path) -> dict[str, str]:
    """The project's files that a page shows, by path."""
    blocks = (match["code"] for match in _BLOCK.finditer(page.read_text()))
    return {named["path"]: code for code in blocks if (named := _FILE.match(code))}


def examples_of(page: Path) -> list[Example]:
    """The examples of a page, each with the error above it."""
    files = {} if page == INDEX else files_of(page)
    commands = tuple(_COMMAND.findall(page.read_text()))
    found: list[Example] = []
    error = None
    for match in _BLOCK.finditer(page.read_text()):
        if match["language"] == "text":
            error = match["code"].strip()
        elif match["language"] == "python" and not _FILE.match(match["code"]):
            name = f"test_{page.stem}_{len(found) + 1}"
            found.append(Example(name, match["code"], error, match["alone"] is not None, files, commands))
    return found


def calls_in_tables(page: Path) -> list[str]:
    """The calls that a page lists in the first column of a table."""
    return [match["call"].replace(r"\|", "|") for match in _TABLE_CALL.finditer(page.read_text())]


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    targets = (match["target"] for match in _LINK.finditer(page.read_text()))
    return [target for target in targets if not (page.parent / target).exists()]


def agrees(documented: str, printed: str) -> bool:
    """Whether a text is the documented one, in which ``...`` stands for anything within a line."""
    return re.fullmatch(re.escape(documented).replace(r"\.\.\.", ".*"), printed) is not None


# --- running -------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What a process with examples did. errors: by example, the texts that it, or its first test, printed."""

    output: str
    errors: dict[str, list[str]]


class Run:
    """A process that runs examples in a project folder: a pytest session, or one process for all scripts."""

    def __init__(self, folder: Path, files: Mapping[str, str], examples: Iterable[Example], *, tests: bool) -> None:
        self._record = folder / "record.jsonl"
        write(folder, files)
        write(folder, {"plugins/record_errors.py": _RECORDER, "scripts.py": _SCRIPTS, "tmp/.keep": ""})
        paths = {f"tests/{example.name}.py": example.code for example in examples}
        write(folder, paths)
        options = ["-m", "pytest", *PYTEST_OPTIONS, "-p", "record_errors"] if tests else ["scripts.py"]
        environment = clean_environment() | {
            "PYTHONPATH": f"plugins:.:{ROOT}",
            "RECORD": str(self._record),
            "TMPDIR": str(folder / "tmp"),
        }
        if not tests:
            environment["DATABASE_URL"] = f"sqlite:///{folder}/scripts.db"
        for command in {command for example in examples for command in example.commands}:
            kit = [sys.executable, "-m", "kailash_testkit.command_line", *command.split()]
            subprocess.run(kit, cwd=folder, env=environment, capture_output=True, check=True, timeout=60)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", *options, *paths],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def outcome(self) -> Outcome:
        """Waits for the end."""
        try:
            output, _ = self._process.communicate(timeout=100)
        finally:
            self._process.kill()
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        errors: dict[str, list[str]] = {}
        first: dict[str, str] = {}
        for example, test, error in map(json.loads, lines):
            if first.setdefault(example, test) == test:
                errors.setdefault(example, []).extend([error] if error else [])
        return Outcome(output, errors)


PYTEST_OPTIONS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error", "--tb=short")


def clean_environment() -> dict[str, str]:
    """The environment without what an outer pytest session, or the machine's user, set for tests."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_XDIST", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"))
        and not name.endswith("DATABASE_URL")
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
