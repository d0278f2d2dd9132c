"""Private folders: memory-backed where there is room, and gone when their run is."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from kailash_testkit.databases import storage
from kailash_testkit.databases.storage import RunFolder, remove_orphans, storage_root

_RUN = """
import sys
from pathlib import Path
from kailash_testkit.databases import storage

storage._MEMORY_BACKED = Path(sys.argv[1])
folder = storage.RunFolder()
folder.create()
(folder.path / "testkit.db").write_text("rows")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Storage of the test's own in place of the machine's shared memory."""
    monkeypatch.setattr(storage, "_MEMORY_BACKED", tmp_path)
    return tmp_path


@pytest.fixture
def other_run(memory: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another run, in a process of its own, with its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(memory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_the_path_is_known_before_the_folder_is_made(memory: Path) -> None:
    folder = RunFolder()
    assert not any(memory.iterdir())
    assert not folder.path.exists()
    assert folder.path.parent == storage_root()
    assert not any(storage_root().iterdir())


def test_the_folder_is_the_users_own() -> None:
    folder = RunFolder()
    folder.create()
    for path in (folder.path, folder.path.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    folder.remove()


def test_it_is_made_and_removed_as_often_as_wanted() -> None:
    folder = RunFolder()
    for _ in range(2):
        folder.create()
        folder.create()
        (folder.path / "testkit.db").write_text("rows")
        folder.remove()
        folder.remove()
        assert not folder.path.exists()


def test_two_runs_never_share_a_folder() -> None:
    assert RunFolder().path != RunFolder().path


def test_without_room_in_memory_the_disk_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil.disk_usage returns it
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda path: usage(2**40, 2**40, 1))
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(tmp_path / "disk"))
    assert storage_root().parent == tmp_path / "disk"


def test_without_memory_backed_storage_the_disk_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(storage, "_MEMORY_BACKED", tmp_path / "missing")
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(tmp_path / "disk"))
    assert storage_root().parent == tmp_path / "disk"


def test_a_living_runs_folder_stays_and_that_of_a_killed_run_goes(
    other_run: tuple[subprocess.Popen[str], Path],
) -> None:
    process, path = other_run
    folder = RunFolder()
    folder.create()
    assert remove_orphans(storage_root()) == []
    assert (path / "testkit.db").read_text() == "rows"

    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert path.exists()
    assert remove_orphans(storage_root()) == [path]
    assert not path.exists()
    assert folder.path.exists()
    folder.remove()


def test_a_new_run_removes_what_a_killed_one_left(other_run: tuple[subprocess.Popen[str], Path]) -> None:
    process, path = other_run
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    folder = RunFolder()
    folder.create()
    assert not path.exists()
    folder.remove()


def test_other_things_in_the_storage_are_left_alone(memory: Path) -> None:
    root = storage_root()
    (root / "precious").mkdir()
    (root / "session-is-a-file").write_text("x")
    assert remove_orphans(root) == []
    assert {path.name for path in root.iterdir()} == {"precious", "session-is-a-file"}


def test_there_may_be_no_storage_yet() -> None:
    assert remove_orphans(storage_root()) == []


def test_a_file_that_an_application_made_in_the_folder_before_it_was_claimed_stays(memory: Path) -> None:
    folder = RunFolder()
    folder.path.mkdir(mode=0o700)
    file = folder.path / "testkit.db"
    file.touch()
    folder.create()
    assert file.exists()
    folder.remove()
    assert not folder.path.exists()
