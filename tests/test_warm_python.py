"""A command in a warm process does what it does in a new interpreter, but for what is imported already."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from warm_python import WarmPython

STATE = """
import asyncio, logging, os, random, signal, socket, sys, tempfile, threading, warnings

for value in (
    __name__,
    sys.argv[1:],
    [path.rstrip("/") for path in sys.path],
    os.getcwd(),
    sorted(os.environ.items()),
    os.umask(0),
    sys.warnoptions,
    warnings.filters,
    sys.dont_write_bytecode,
    [type(finder) for finder in sys.meta_path],
    [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)],
    threading.enumerate() == [threading.main_thread()],
    sorted(os.listdir("/dev/fd")),
    logging.root.handlers,
    tempfile.gettempdir(),
    socket.getdefaulttimeout(),
    asyncio.events._event_loop_policy,  # asking for it is deprecated from Python 3.14 on
    (sys.stdin.read(), sys.stdout.line_buffering, sys.stdout.encoding, sys.stderr.errors),
    sys.modules["__main__"].__dict__.get("STATE"),
):
    print(value)
"""


@pytest.fixture
def own_python() -> Iterator[WarmPython]:
    """One of the test's own, which it may close."""
    python = WarmPython()
    yield python
    python.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "temporary").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": f"libraries{os.pathsep}."}


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-W", "error"], ["-W", "ignore", "-W", "always"]])
@pytest.mark.parametrize("program", [["-m", "package.state"], ["package/state.py"]])
def test_a_command_finds_what_it_finds_in_a_new_interpreter(
    warm_python: WarmPython, tmp_path: Path, environment: dict[str, str], options: list[str], program: list[str]
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/state.py").write_text(STATE)
    command = [*options, *program, "-q", "an argument"]
    new = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    warm = warm_python.run(*command, folder=tmp_path, environment=environment)
    assert warm.stdout.splitlines() == new.stdout.splitlines()
    assert (warm.returncode, warm.stderr) == (0, "")


def test_kailash_and_the_kit_are_there_already_but_nothing_of_a_project(
    warm_python: WarmPython, tmp_path: Path
) -> None:
    (tmp_path / "shop.py").touch()
    (tmp_path / "program.py").write_text(
        "import sys\n"
        "print(*({'kailash', 'dataflow', 'pytest', 'kailash_testkit', 'xdist', 'shop'} & {*sys.modules}))\n"
        "import shop, kailash_testkit\n"
        "print(shop.__file__, kailash_testkit.__file__)\n"
    )
    for _ in range(2):
        here, files = warm_python.run("program.py", folder=tmp_path).stdout.splitlines()
        assert set(here.split()) == {"kailash", "dataflow", "pytest", "kailash_testkit"}
        assert files.split()[0] == str(tmp_path / "shop.py")
        assert files.split()[1] == sys.modules["kailash_testkit"].__file__


def test_random_numbers_differ(warm_python: WarmPython, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("import random, uuid; print(random.random(), uuid.uuid4())")
    first, second = (warm_python.run("program.py", folder=tmp_path).stdout.split() for _ in range(2))
    assert not {*first} & {*second}


@pytest.mark.parametrize(
    ("program", "code", "stderr"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no')", 1, "no\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
        ("import os; os._exit(4)", 4, ""),
    ],
)
def test_how_it_ended(warm_python: WarmPython, tmp_path: Path, program: str, code: int, stderr: str) -> None:
    (tmp_path / "program.py").write_text(program)
    done = warm_python.run("program.py", folder=tmp_path)
    assert (done.returncode, done.stderr[-len(stderr) :] if stderr else done.stderr) == (code, stderr)


def test_it_ends_as_an_interpreter_does(warm_python: WarmPython, tmp_path: Path) -> None:
    """Threads are waited for, exit handlers run, and what is left in memory complains."""
    (tmp_path / "program.py").write_text(
        "import atexit, threading, time, asyncio, warnings\n"
        "class Left:\n"
        "    def __del__(self):\n"
        "        warnings.warn('left', ResourceWarning)\n"
        "left = Left()\n"
        "atexit.register(print, 'exit handler')\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()\n"
        "print('end')\n"
    )
    done = warm_python.run("-W", "always", "program.py", folder=tmp_path)
    assert done.stdout.splitlines() == ["end", "thread", "exit handler"]
    assert "ResourceWarning: left" in done.stderr


def test_several_at_the_same_time(warm_python: WarmPython, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import os, sys, time\n"
        "open(f'{sys.argv[1]}', 'w').close()\n"
        "while len(os.listdir()) < 3:\n"
        "    time.sleep(0.01)\n"
        "print(sys.argv[1])\n"
    )
    first, second = (warm_python.start("program.py", name, folder=tmp_path) for name in "ab")
    assert [second.wait().stdout, first.wait().stdout] == ["b\n", "a\n"]


HANGING = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("started", child.pid, flush=True)
open("hanging.new", "w").write(f"{os.getpid()} {child.pid}")
os.rename("hanging.new", "hanging")
time.sleep(600)
"""


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def assert_gone(folder: Path) -> None:
    """Both processes of HANGING: they were killed, and need a moment."""
    processes = [int(number) for number in (folder / "hanging").read_text().split()]
    assert len(processes) == 2
    while any(map(alive, processes)):
        time.sleep(0.01)


def test_what_takes_too_long_is_killed_with_its_children(warm_python: WarmPython, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(HANGING)
    process = warm_python.start("program.py", folder=tmp_path)
    while not (tmp_path / "hanging").exists():
        time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        process.wait(timeout=0.01)
    assert str(caught.value.stdout).startswith("started")
    assert_gone(tmp_path)
    (tmp_path / "program.py").write_text("print('next')")
    assert warm_python.run("program.py", folder=tmp_path).stdout == "next\n"


@pytest.mark.slow
def test_closing_kills_what_still_runs(own_python: WarmPython, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(HANGING)
    own_python.start("program.py", folder=tmp_path)
    while not (tmp_path / "hanging").exists():
        time.sleep(0.01)
    own_python.close()
    assert_gone(tmp_path)
