"""Two runs at the same time, of one user and of two: none takes the other's database, folder or server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from other_users import needs_root
from server_runs import available, kill, processes_of

from kailash_testkit.command_line.main import main
from kailash_testkit.databases.servers import started
from kailash_testkit.databases.storage import RunFolder, storage_root

pytestmark = pytest.mark.slow

# What is needed is imported before: the other user may not be able to read it.
RUN = """
import os, sys
from pathlib import Path
import encodings.idna, pwd, sqlite3
import psycopg2, pymysql
import cryptography.hazmat.primitives.hashes
from kailash_testkit.databases import storage
from kailash_testkit.databases.servers import started, private, given
from kailash_testkit.databases.sqlite import server
from kailash_testkit.databases.mysql import programs, server
from kailash_testkit.databases.postgresql import programs, server

storage._MEMORY_BACKED = Path(sys.argv[1])
if sys.argv[3]:
    user = pwd.getpwnam(sys.argv[3])
    os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
os.chdir("/")
with started(sys.argv[2]) as server:
    name = server.name("shop", None)
    server.create(name)
    if sys.argv[2] == "sqlite":
        sqlite3.connect(server.url(name).removeprefix("sqlite:///")).execute("CREATE TABLE rows (id int)")
    print(storage.storage_root(), flush=True)
    sys.stdin.readline()
    print(server.is_used(name) if sys.argv[2] == "sqlite" else not server.is_used(name), flush=True)
    sys.stdin.readline()
"""
USERS = [
    pytest.param("", id="one user"),
    pytest.param("nobody", id="two users", marks=needs_root),
]


@pytest.fixture(autouse=True)
def shared(own_storage: Path) -> Path:
    """Every user may make things in it, as in ``/dev/shm``."""
    own_storage.chmod(0o1777)
    return own_storage


@contextmanager
def other_run(storage: Path, setting: str, user: str) -> Iterator[subprocess.Popen[str]]:
    """Another run for a block, killed after it should it not have ended."""
    command = [sys.executable, "-c", RUN, str(storage), setting, user]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            kill(process)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def works(process: subprocess.Popen[str]) -> bool:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return said(process) == "True"


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("setting", ["sqlite", "postgresql", "mariadb"])
def test_a_run_leaves_the_run_beside_it_alone(
    shared: Path, setting: str, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting != "sqlite":
        available(setting)
    monkeypatch.setenv("TESTKIT_DATABASE", "sqlite")
    with other_run(shared, setting, user) as other:
        root = Path(said(other))
        assert (root == storage_root()) == (not user)
        (folder,) = (path for path in root.iterdir() if path.name.startswith("session-"))
        before = processes_of(folder)
        with started(setting) as server:
            server.create(server.name("shop", None))
            assert processes_of(folder) == before
        RunFolder().create()
        assert main(["clean", "--yes"]) == 0
        assert folder.exists()
        assert processes_of(folder) == before
        assert works(other)
        other.communicate("\n", timeout=60)
        assert other.returncode == 0
    assert not folder.exists()
    assert processes_of(folder) == []


@needs_root
def test_the_folder_of_another_user_is_no_place_for_orphans(shared: Path) -> None:
    """What another user's killed run left is his: also root, who could, does not remove it."""
    with other_run(shared, "sqlite", "nobody") as other:
        root = Path(said(other))
        kill(other)
    left = [path for path in root.iterdir() if path.name.startswith("session-")]
    assert left
    assert root.stat().st_uid != os.geteuid()
    run = RunFolder()
    run.create()
    run.remove()
    assert main(["clean", "--yes"]) == 0
    assert [path for path in root.iterdir() if path.name.startswith("session-")] == left
