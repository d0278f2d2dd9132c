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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warm_python import WarmPython

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

    @classmethod
    def of(cls, output: str, record: Path) -> Outcome:
        """What a process said, with what it recorded in a file."""
        lines = record.read_text().splitlines() if record.exists() else []
        errors: dict[str, list[str]] = {}
        first: dict[str, str] = {}
        for example, test, error in map(json.loads, lines):
            if first.setdefault(example, test) == test:
                errors.setdefault(example, []).extend([error] if error else [])
        return cls(output, errors)


def sessions(examples: Iterable[Example], shop: Mapping[str, str]) -> list[Session]:
    """The processes that run the examples: one for all scripts, and one for the tests of each project."""
    found: dict[object, Session] = {}
    for example in examples:
        files = {**shop, **(example.files if example.is_test else {})}
        own = example.name if example.alone else (sorted(files.items()), example.commands)
        found.setdefault((example.is_test, str(own)), Session(files, example.is_test, [])).examples.append(example)
    return list(found.values())


@dataclass(frozen=True)
class Session:
    """A process that runs examples in a project folder: a pytest session, or one process for all scripts."""

    files: Mapping[str, str]
    tests: bool
    examples: list[Example]

    def run(self, python: WarmPython, folder: Path) -> Outcome:
        """Runs it to its end."""
        record = folder / "record.jsonl"
        paths = {f"tests/{example.name}.py": example.code for example in self.examples}
        scaffold = {"plugins/record_errors.py": _RECORDER, "scripts.py": _SCRIPTS, "tmp/.keep": ""}
        write(folder, {**self.files, **scaffold, **paths})
        environment = clean_environment() | {
            "PYTHONPATH": "plugins:.",
            "RECORD": str(record),
            "TMPDIR": str(folder / "tmp"),
        }
        for command in self.examples[0].commands:
            done = python.run(
                "-m", "kailash_testkit.command_line", *command.split(), folder=folder, environment=environment
            )
            done.check_returncode()
        options = ["-m", "pytest", *PYTEST_OPTIONS, "-p", "record_errors"] if self.tests else ["scripts.py"]
        if not self.tests:
            environment["DATABASE_URL"] = f"sqlite:///{folder}/scripts.db"
        done = python.run("-W", "error", *options, *paths, folder=folder, environment=environment)
        return Outcome.of(done.stdout + done.stderr, record)


PYTEST_OPTIONS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:schemathesis", "-W", "error", "--tb=short")


def clean_environment() -> dict[str, str]:
    """The environment without what an outer pytest session, or the machine's user, set for tests.

    Nor with what makes Python compile each module anew, which doubles the time of a session.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_XDIST", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONDONTWRITEBYTECODE"))
        and not name.endswith("DATABASE_URL")
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Writes files into a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
