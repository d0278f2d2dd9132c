"""A run folder that another user made, or could change, is neither used nor looked into: another takes its place."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from other_users import STRANGER, as_stranger, left_running, needs_root, sleeping, stranger

from kailash_testkit.command_line.main import main
from kailash_testkit.databases import storage
from kailash_testkit.databases.private_folders import read_private, write_private
from kailash_testkit.databases.storage import RunFolder, refusals, remove_orphans, storage_root, storage_roots
from kailash_testkit.errors import UnsafeDatabase


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which every user may make things, as in ``/dev/shm``, in place of the machine's."""
    assert tmp_path.exists()  # made where the machine's temporary files are
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-") as folder:
        path = Path(folder).resolve()
        path.chmod(0o1777)
        (path / "disk").mkdir(mode=0o700)
        monkeypatch.setattr(storage, "_MEMORY_BACKED", path)
        monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(path / "disk"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(path / "cache"))
        monkeypatch.setenv("TESTKIT_DATABASE", "sqlite")
        yield path


def usual(shared: Path) -> Path:
    return shared / f"kailash-testkit-{os.geteuid()}"


def refusal_of(path: Path) -> str:
    (found,) = (str(refusal) for refusal in refusals() if refusal.what == str(path))
    return found


def test_the_usual_folder_is_used_where_nobody_else_can_write_in_it(shared: Path) -> None:
    assert storage_root() == usual(shared)
    assert storage_root() == usual(shared)
    assert refusals() == []


@needs_root
def test_one_that_another_user_made_is_left_alone(shared: Path) -> None:
    as_stranger('mkdir -m 700 "$1"; mkdir "$1/session-1-kt0123456789"', str(usual(shared)))
    run = RunFolder()
    run.create()
    assert run.path.parent != usual(shared)
    assert run.path.parent.parent == shared
    assert run.path.parent.stat().st_mode & 0o777 == 0o700
    assert remove_orphans(usual(shared)) == []
    assert [*usual(shared).iterdir()] == [usual(shared) / "session-1-kt0123456789"]
    assert f"it belongs to {STRANGER}" in refusal_of(usual(shared))
    assert f"sudo rm -rI {usual(shared)}" in refusal_of(usual(shared))
    run.remove()


@pytest.mark.parametrize("mode", [0o777, 0o730])
def test_one_that_others_may_write_in_is_left_alone(shared: Path, mode: int) -> None:
    usual(shared).mkdir()
    usual(shared).chmod(mode)
    assert storage_root() != usual(shared)
    assert f"others may write in it (mode {mode:04o})" in refusal_of(usual(shared))


def test_a_symbolic_link_is_not_followed(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "session-1-kt0123456789").mkdir()
    usual(shared).symlink_to(tmp_path)
    assert storage_root() != usual(shared)
    assert remove_orphans(usual(shared)) == []
    assert (tmp_path / "session-1-kt0123456789").exists()
    assert f"it is a symbolic link to {tmp_path}" in refusal_of(usual(shared))


def test_the_folder_beside_it_is_used_again_and_cleaned(shared: Path) -> None:
    usual(shared).mkdir()
    usual(shared).chmod(0o777)
    killed = RunFolder()
    killed.create()
    killed.leave()  # as the system does for a process that is killed
    assert killed.path.exists()
    assert killed.path.parent in storage_roots()

    later = RunFolder()
    assert later.path.parent == killed.path.parent
    later.create()
    assert not killed.path.exists()
    later.remove()


@pytest.mark.parametrize("unsafe", ["memory", "disk"])
def test_a_place_where_others_can_replace_it_is_not_used(shared: Path, unsafe: str) -> None:
    (shared if unsafe == "memory" else shared / "disk").chmod(0o777)  # without the sticky bit
    if unsafe == "memory":  # and so what is further down can be replaced, too
        with pytest.raises(UnsafeDatabase, match="no place for the files of the tests") as caught:
            storage_root()
        assert f"others may write in {shared} (mode 0777, no sticky bit)" in str(caught.value)
        assert not usual(shared).exists()
    else:
        assert storage_root() == usual(shared)


def test_a_planted_link_among_the_run_folders_is_not_followed(shared: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    link = storage_root() / "session-1-kt0123456789"
    link.symlink_to(precious)
    assert remove_orphans(storage_root()) == []
    assert [path.name for path in precious.iterdir()] == ["file"]
    assert "symbolic link" in refusal_of(link)


def test_links_inside_a_run_folder_are_removed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    run = RunFolder()
    run.create()
    (run.path / "link").symlink_to(tmp_path)
    run.remove()
    assert not run.path.exists()
    assert (tmp_path / "file").read_text() == "x"


@needs_root
def test_a_worker_takes_part_in_no_folder_of_another_user(shared: Path) -> None:
    path = shared / "others" / "session-1-kt0123456789"
    as_stranger('mkdir -p -m 777 "$1"', str(path))
    with pytest.raises(UnsafeDatabase, match="is not a folder that the kit may use"):
        RunFolder(path).create()
    assert [*path.iterdir()] == []


@needs_root
def test_nobody_makes_the_kit_signal_a_process_of_his_choice(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole attack: the folder made beforehand, with a server in it that seems to be alive."""
    server = usual(shared) / "session-1-kt0123456789" / "server"
    with left_running(sleeping("server-0123456789abcdef0123456789abcdef")) as victim:
        token = json.dumps({"word": "server-0123456789abcdef0123456789abcdef", "since": 0.0, "boot": boot()})
        plant = """
            umask 0; mkdir -p -m 777 "$1"
            echo "$2 9" >"$1/group"; echo 15 >"$1/stop-signal"; echo "$3" >"$1/token"; : >"$1/alive.lock"
        """
        as_stranger(plant, str(server), str(os.getpgid(victim.pid)), token)
        with left_running(["flock", "-x", str(server / "alive.lock"), "sleep", "60"], **stranger()):
            wait_until_held(server / "alive.lock")
            run = RunFolder()
            run.create()
            assert main(["clean", "--yes"]) == 0
            run.remove()
            assert "left alone:" in capsys.readouterr().out
            time.sleep(0.1)
            assert victim.poll() is None
            assert server.exists()


def boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def wait_until_held(lock: Path) -> None:
    import fcntl

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        time.sleep(0.01)
    pytest.fail("the lock was not taken")


def test_a_file_is_read_only_if_it_is_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    write_private(own, "text")
    assert own.stat().st_mode & 0o777 == 0o600
    assert read_private(own) == "text"
    with pytest.raises(FileExistsError):
        write_private(own, "other")

    (tmp_path / "link").symlink_to(own)
    with pytest.raises(PermissionError, match="symbolic link"):
        read_private(tmp_path / "link")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "link", "other")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermissionError, match="not a file"):
        read_private(tmp_path / "pipe")
    own.chmod(0o666)
    with pytest.raises(PermissionError, match="others may write in it"):
        read_private(own)


@needs_root
def test_a_file_of_another_user_is_not_read(shared: Path) -> None:
    as_stranger('echo text >"$1"', str(shared / "file"))
    with pytest.raises(PermissionError, match=f"it belongs to {STRANGER}"):
        read_private(shared / "file")


def test_a_file_of_its_name_is_left_alone(shared: Path) -> None:
    usual(shared).write_text("x")
    assert storage_root() != usual(shared)
    assert "it is not a folder" in refusal_of(usual(shared))
    assert usual(shared).read_text() == "x"


@needs_root
def test_a_place_of_another_user_is_not_used(shared: Path) -> None:
    os.chown(shared, pwd.getpwnam(STRANGER).pw_uid, -1)
    with pytest.raises(UnsafeDatabase, match="no place for the files of the tests") as caught:
        storage_root()
    assert f"{shared} belongs to {STRANGER}" in str(caught.value)
    assert "who can replace what is in it" in str(caught.value)
    assert not usual(shared).exists()
