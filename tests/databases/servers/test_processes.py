"""A signal goes to a process only if it is proved to be the server's: by user, start and token together."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from other_users import left_running, needs_root, sleeping, stranger
from server_runs import available

from kailash_testkit.databases import process_proof, processes
from kailash_testkit.databases.process_proof import Token
from kailash_testkit.databases.processes import ProcessFolder
from kailash_testkit.databases.servers import Choice, open_server
from kailash_testkit.databases.servers.access import Access, HeldPort
from kailash_testkit.databases.storage import RunFolder

WORD = f"server-{secrets.token_hex(16)}"  # of this process: the same tests may run beside it
USER = os.geteuid() if hasattr(os, "geteuid") else 0

linux_only = pytest.mark.skipif(not Path("/proc/self").exists(), reason="the environment of a process is not known")


@pytest.fixture
def run(own_storage: Path) -> Iterator[RunFolder]:
    folder = RunFolder()
    folder.create()
    yield folder
    folder.remove()


@pytest.fixture
def token() -> Token:
    return Token.new(WORD)


def ends(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


def own_environment(word: str = WORD) -> dict[str, str]:
    return {**os.environ, "HOME": f"/somewhere/{word}"}


def test_a_process_with_the_token_is_ended(token: Token) -> None:
    with left_running(sleeping(WORD), env=own_environment()) as process:
        assert token.signal_all(USER, signal.SIGTERM) == 1
        assert ends(process)
        assert process.returncode == -signal.SIGTERM


@linux_only
def test_one_that_only_names_the_servers_files_is_not(token: Token) -> None:
    with left_running(sleeping(f"/dev/shm/{WORD}/log")) as editor:
        assert token.signal_all(USER, signal.SIGKILL) == 0
        assert not ends(editor)


@linux_only
def test_what_it_started_itself_is_ended_too(token: Token) -> None:
    with left_running(sleeping(), env=own_environment()) as process:
        assert token.signal_all(USER, signal.SIGKILL) == 1
        assert ends(process)


@pytest.mark.slow
def test_one_that_runs_since_before_is_not() -> None:
    with left_running(sleeping(WORD), env=own_environment()) as process:
        time.sleep(1.1)  # where starts are known to the second only
        later = subprocess.run(
            [sys.executable, "-c", f"from kailash_testkit.databases.process_proof import Token\n"
             f"print(Token.new({WORD!r}).text())"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert Token.of(later).signal_all(USER, signal.SIGKILL) == 0
        assert not ends(process)


@linux_only
def test_one_of_another_start_of_the_machine_is_not(token: Token) -> None:
    with left_running(sleeping(WORD), env=own_environment()) as process:
        assert replace(token, boot="another").signal_all(USER, signal.SIGKILL) == 0
        assert not ends(process)


@needs_root
def test_one_of_another_user_is_not(token: Token) -> None:
    command = ["/bin/sh", "-c", "sleep 60; :", WORD]
    with left_running(command, env=own_environment(), cwd="/", **stranger()) as process:
        assert token.signal_all(USER, signal.SIGKILL) == 0
        assert not ends(process)
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("text", ["", "4711 9", "[]", '{"word": "x", "since": 0.0, "boot": ""}', '{"word": 1}'])
def test_what_is_no_token_proves_nothing(run: RunFolder, text: str) -> None:
    folder = ProcessFolder(run.server)
    folder.create()
    folder.start(["/bin/sh", "-c", "sleep 60; :", str(folder.path)])  # its child is of the server, too
    right = (run.server / "token").read_text()
    (run.server / "token").write_text(text)
    assert folder.is_alive()
    started = time.monotonic()
    assert not folder.stop()
    assert time.monotonic() - started < 5
    assert not folder.remove()
    run.remove()
    assert (run.server / "token").read_text() == text
    (run.server / "token").write_text(right)
    assert folder.remove()


def test_what_could_not_be_found_again_is_not_started(run: RunFolder) -> None:
    folder = ProcessFolder(run.server)
    folder.create()
    with pytest.raises(ValueError, match="could not be found again"):
        folder.start(["/bin/sleep", "60"])
    assert not folder.is_alive()


def test_a_folder_that_is_there_is_not_taken(run: RunFolder) -> None:
    run.server.mkdir()
    with pytest.raises(FileExistsError):
        ProcessFolder(run.server).create()


def test_a_file_for_the_server_is_new_and_its_own(run: RunFolder, tmp_path: Path) -> None:
    folder = ProcessFolder(run.server)
    folder.create()
    (tmp_path / "precious").write_text("x")
    (folder.path / "password").symlink_to(tmp_path / "precious")
    with pytest.raises(FileExistsError):
        folder.write("password", "secret")
    assert (tmp_path / "precious").read_text() == "x"
    assert folder.write("other", "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="this machine has no ps")
def test_where_there_is_no_proc_ps_tells_which_processes_are_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_proof, "_HAS_PROC", False)
    token = Token.new(WORD)
    assert time.time() - 24 * 3600 < token.since <= time.time()
    with left_running(sleeping(WORD)) as process, left_running(sleeping()) as other:
        assert replace(token, since=time.time() + 60).signal_all(USER, signal.SIGTERM) == 0
        assert token.signal_all(USER + 1, signal.SIGTERM) == 0
        assert token.signal_all(USER, signal.SIGTERM) == 1
        assert ends(process)
        assert other.poll() is None
    assert token.signal_all(USER, signal.SIGTERM) == 0


@linux_only
def test_a_process_that_got_the_number_of_one_that_was_seen_gets_no_signal(token: Token) -> None:
    with left_running(sleeping(), env=own_environment()) as process:
        seen = process_proof._seen(process.pid)
        assert seen is not None
        earlier = replace(seen, started=seen.started - 1)
        assert not process_proof._send(earlier, signal.SIGKILL, token._proves(USER))
        assert not ends(process)
        assert process_proof._send(seen, signal.SIGKILL, token._proves(USER))
        assert ends(process)


def test_a_server_may_run_as_the_present_user(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "unprivileged_user", lambda: None)
    folder = ProcessFolder(run.server)
    folder.create()
    for path in (folder.control, folder.path, folder.path / "tmp", folder.write("password", "secret")):
        assert path.stat().st_uid == USER
        assert path.stat().st_mode & 0o077 == 0
    assert folder.run(["/bin/sh", "-c", "id -u", folder.path.name])
    assert folder.last_words() == [str(USER)]
    folder.start(["/bin/sh", "-c", "sleep 60; :", str(folder.path)])
    assert folder.is_alive()
    assert folder.remove()


@needs_root
def test_the_servers_user_can_write_only_in_the_servers_own_folder(run: RunFolder) -> None:
    folder = ProcessFolder(run.server)
    folder.create()
    folder.run(["/bin/sh", "-c", "echo done", folder.path.name])
    for path in (run.path.parent, run.path, *run.server.rglob("*"), run.server):
        assert path.stat().st_uid == (USER if folder.path not in (path, *path.parents) else folder.path.stat().st_uid)
        assert not path.stat().st_mode & 0o022
    assert folder.path.stat().st_uid != USER
    assert not folder.run(["/bin/sh", "-c", f'echo x >"{run.server}/token"', folder.path.name])
    assert not folder.run(["/bin/sh", "-c", f'rm -f "{run.server}/alive.lock"', folder.path.name])


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("setting", ["postgresql", "mariadb"])
def test_a_private_server_knows_nothing_of_the_tests_environment(
    setting: str, own_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    available(setting)
    for name in ("AWS_SECRET_ACCESS_KEY", "PGDATA", "MYSQL_HOME", "DATABASE_URL"):
        monkeypatch.setenv(name, "planted")
    run, port = RunFolder(), HeldPort()
    server = open_server(Choice(setting), run, Access.on(port))
    try:
        server.create("shop_kt0123456789")
        home = ProcessFolder(run.server).path
        environments = [read(each / "environ") for each in Path("/proc").glob("[0-9]*") if str(home) in command(each)]
        assert environments
        assert not [text for text in environments if "planted" in text]
        assert [text for text in environments if f"TMPDIR={home}/tmp" in text]
        for path in (home, home / "tmp", home / "data"):
            assert path.stat().st_mode & 0o077 == 0
        sockets = [path for path in home.rglob("*") if path.is_socket()]
        assert all(path.is_relative_to(home / "data") for path in sockets)
    finally:
        server.stop()
        run.remove()
        port.release()


def command(process: Path) -> str:
    return read(process / "cmdline")


def read(path: Path) -> str:
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
