"""The process behind `warm_python`: it imports once what takes long, then forks for each command.

    python -P warm_server.py FILE_DESCRIPTOR

It has no state of the kit's, of pytest's or of any application: the kit's modules are imported but nothing of them
was called, and pytest has ended the one session in which it loads its plugins here. The fork leaves the server's
loop and runs the command to the end of this module, so that it ends as any interpreter does: threads are waited for,
exit handlers run. The standard library's forkserver ends its forks at once, and what is left in them does not complain.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import runpy
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypedDict

MODULES: Final = (
    "aiosqlite",
    "dataflow",
    "filelock",
    "httpx",
    "kailash.middleware",
    "kailash.runtime",
    "kailash.workflow.builder",
    "starlette.applications",
    # What DataFlow imports when it first connects:
    "dataflow.adapters.factory",
    "dataflow.core.pool_lightweight",
    "dataflow.core.pool_monitor",
    "dataflow.core.pool_validator",
    "dataflow.features.retention",
    "dataflow.migrations.concurrent_access_manager",
    "dataflow.migrations.sync_ddl_executor",
    "dataflow.query",
    "dataflow.utils.connection_adapter",
    "kailash.runtime.trust",
    "kailash.tracking.storage.deferred",
    "kailash.trust.auth",
    "kailash.workflow.credentials",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    # What a session with the kit imports:
    "kailash_testkit.client",
    "kailash_testkit.databases.sqlite.database",
    "kailash_testkit.databases.sqlite.journal.journal",
    "kailash_testkit.databases.sqlite.server",
    "kailash_testkit.kit",
    "kailash_testkit.pytest_plugin",
)
"""What nearly every project imports. Not nexus, which sets up logging when it is imported."""

WITH_STATE: Final = ("kailash_testkit", "randomly", "schemathesis", "xdist", "xdist.looponfail")
"""Plugins that do not run in the server: the one that is tested, and those that remember how they started."""

BASE_PATH: Final = tuple(sys.path)


class Command(TypedDict):
    """A command line without the interpreter's name, and where it runs."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    stdout: str
    stderr: str


class Importer:
    """A pytest plugin that imports modules as plugins of a session are imported: their assertions rewritten."""

    def pytest_configure(self) -> None:
        for name in MODULES:
            importlib.import_module(name)
        importlib.import_module("faker").Faker()  # imports its providers, as its plugin does in each session


def warm_up() -> None:
    """Imports pytest with its plugins, and `MODULES`; whatever else that changes is put back."""
    import pytest

    options = ["-q", "-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"]
    for plugin in WITH_STATE:
        options += ["-p", f"no:{plugin}"]
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        code = pytest.main([*options, "--rootdir", folder, folder], plugins=[Importer()])
    if code is not pytest.ExitCode.NO_TESTS_COLLECTED:
        raise RuntimeError(f"pytest ended with {code!r}")
    imported = {name.removeprefix("pytest_") for name in sys.modules}.intersection(WITH_STATE) - {"kailash_testkit"}
    if threading.active_count() > 1 or imported:
        raise RuntimeError(f"not fit to be forked: {threading.enumerate()}, {imported}")
    sys.stdout.flush()  # or each fork would write it again, where Python does not do so by itself
    sys.stderr.flush()
    gc.collect()
    gc.freeze()  # or collections in a fork would copy all pages


def serve(connection: Connection) -> Command:
    """Starts the commands that it receives, and awaits the processes whose number it receives.

    Until the other side closes the connection. It returns only in a fork, with what that has to run.
    """
    running: set[int] = set()
    for request in requests(connection):
        if isinstance(request, int):
            _, status = os.waitpid(request, 0)
            running.discard(request)
            connection.send(os.waitstatus_to_exitcode(status))
            continue
        process = os.fork()
        if process == 0:
            connection.close()
            os.setpgid(0, 0)  # here too: whoever comes first, before the command starts a process of its own
            return request
        os.setpgid(process, process)
        running.add(process)
        connection.send(process)
    for process in running:  # nobody waits for them any more
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
    sys.exit()


def requests(connection: Connection) -> Iterator[Any]:
    """What arrives, until the other side has closed the connection."""
    with contextlib.suppress(EOFError):
        while True:
            yield connection.recv()


def run(command: Command) -> None:
    """Runs a command in this process, as if it was a new interpreter."""
    for number, name in ((1, command["stdout"]), (2, command["stderr"])):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    tempfile.tempdir = None  # the environment may name another
    arguments = command["arguments"]
    while arguments[0] == "-W":
        warnings.simplefilter(arguments[1])  # type: ignore[arg-type]  # only actions are supported
        sys.warnoptions.append(arguments[1])
        del arguments[:2]
    paths = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if arguments[0] == "-m":
        sys.path[:] = [os.getcwd(), *paths, *BASE_PATH]
        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[:] = [str(Path(arguments[0]).resolve().parent), *paths, *BASE_PATH]
        sys.argv[:] = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    warm_up()
    run(serve(Connection(int(sys.argv[1]))))
