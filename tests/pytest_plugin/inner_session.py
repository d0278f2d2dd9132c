"""An application and pytest sessions on it, each in a process of its own.

A session gets storage of its own in place of the machine's shared memory, so that a test can tell what
it left behind, whatever else runs at the same time.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from warm_python import WarmPython

MODELS = """
    import os
    from dataflow import DataFlow

    db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)

    @db.model
    class Item:
        id: int
        name: str
"""

API = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def listed(request):
        return JSONResponse(await db.express.list("Item", limit=1000))

    async def created(request):
        await db.express.create("Item", await request.json())
        return JSONResponse({}, 201)

    app = Starlette(routes=[Route("/items", listed), Route("/items", created, methods=["POST"])])
"""

SHOP = {
    "asyncio_mode": "auto",
    "asyncio_default_fixture_loop_scope": "session",
    "asyncio_default_test_loop_scope": "session",
    "testkit_dataflow": "shop.models:db",
    "testkit_app": "shop.api:app",
}

_STORAGE_PLUGIN = """
    import os
    from pathlib import Path
    from kailash_testkit.databases import storage

    storage._MEMORY_BACKED = Path(os.environ["OWN_STORAGE"])
"""
_ANSI = re.compile(r"\x1b\[")
_INTERNALS = re.compile(r"^\S*(kailash_testkit|site-packages)/\S+\.py:\d+", re.MULTILINE)  # a frame in a traceback


class Project:
    """A project in pytester's folder: ``shop/models.py`` and ``shop/api.py``, until a test writes others."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, storage: Path, python: WarmPython) -> None:
        self.path = path
        self.storage = storage
        self._python = python
        for variable in list(os.environ):
            if (
                variable.startswith("PYTEST_XDIST")
                or variable.endswith("DATABASE_URL")
                or variable == "TESTKIT_DATABASE"
            ):
                monkeypatch.delenv(variable)
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # it doubles the time of a session
        plugins = self.path / "plugins"
        self.write({"plugins/own_storage.py": _STORAGE_PLUGIN})
        monkeypatch.setenv("OWN_STORAGE", str(storage))
        monkeypatch.setenv("PYTHONPATH", str(plugins), prepend=os.pathsep)
        monkeypatch.setenv("PYTEST_PLUGINS", "own_storage")

    def shop(self, **settings: object) -> None:
        """Writes the application, and the settings that name it; None takes a setting out."""
        self.write({"shop/__init__.py": "", "shop/models.py": MODELS, "shop/api.py": API})
        self.configure_more(**settings)

    def configure_more(self, **settings: object) -> None:
        """Writes the settings that name the application, and others."""
        self.configure(**{**SHOP, **settings})

    def configure(self, **settings: object) -> None:
        """Writes pyproject.toml."""
        settings = {"asyncio_default_fixture_loop_scope": "function", **settings}  # unset, it warns
        lines = [f"{name} = {value!r}" for name, value in settings.items() if value is not None]
        text = "\n".join(["[tool.pytest.ini_options]", 'pythonpath = ["."]', *lines])
        (self.path / "pyproject.toml").write_text(text + "\n")

    def write(self, files: dict[str, str]) -> None:
        """Writes files, their common indentation removed."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip())

    def command(self, *arguments: str) -> list[str]:
        """The arguments of a Python process for a pytest session: in file order, warnings are errors."""
        return [
            "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:schemathesis", "-W", "error",
            f"--basetemp={self.path / 'basetemp'}", *arguments,
        ]  # fmt: skip

    def run(self, *arguments: str, timeout: float = 100.0) -> Outcome:
        """Runs a pytest session in a process of its own, see `warm_python`. timeout: in seconds."""
        return Outcome(self._python.start(*self.command(*arguments), folder=self.path).wait(timeout))

    def run_anew(self, *arguments: str) -> Outcome:
        """Runs a pytest session in a new interpreter, in which nothing was imported before."""
        command = [sys.executable, *self.command(*arguments)]
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, timeout=100, check=False)
        return Outcome(done)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a pytest session in a new interpreter and does not wait for it."""
        command = [sys.executable, *self.command(*arguments)]
        return subprocess.Popen(
            command,
            cwd=self.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # What a shell starts in the background ignores Ctrl-C, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def left_behind(self) -> list[str]:
        """What is in the kit's storage now: folders of runs."""
        return sorted(path.name for path in self.storage.glob("*/*"))

    def lines(self, name: str) -> list[str]:
        """The lines of a file that an inner test wrote; none when there is no such file."""
        path = self.path / name
        return path.read_text().splitlines() if path.exists() else []


class Outcome:
    """What a pytest session reported."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.result = pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0)
        self.output = done.stdout
        self.stderr = done.stderr
        self.everything = self.output + self.stderr
        print(self.everything)  # for the report, should the test fail

    def assert_outcomes(self, **counts: int) -> None:
        """The counts are these, and nothing was said on stderr, where destroyed tasks and threads complain."""
        self.result.assert_outcomes(**counts)
        assert self.stderr == ""

    def error(self, title: str) -> str:
        """The section of the report under ``title``, such as ``ERROR at setup of test_x``."""
        found = re.search(rf"^_+ {re.escape(title)} _+\n(.*?)(?=^[_=]{{3,}} )", self.output, re.MULTILINE | re.DOTALL)
        assert found, f"no section {title!r} in\n{self.output}"
        return found[1].strip()

    def explanation(self, title: str) -> str:
        """The error's own text in that section, after checking its form.

        At most ten lines, no colour codes, no frame inside the kit. The line that names its page is left out.
        """
        section = self.error(title)
        found = re.search(
            r"^E .*?(?=\n\n|\nAll traceback entries are hidden|\n---|\Z)", section, re.MULTILINE | re.DOTALL
        )
        assert found, section
        message = [line.removeprefix("E").strip() for line in found[0].splitlines()]
        if message[-1].startswith("see: kailash-testkit explain-error "):
            message.pop()
        text = "\n".join(message)
        assert len(message) <= 10, section
        assert not _ANSI.search(self.everything), section
        assert not _INTERNALS.search(section), section
        assert "why:" in text or "do:" in text, section
        return text
