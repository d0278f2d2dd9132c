"""``kailash-testkit clean`` says what it will remove, and removes that and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kailash_testkit.command_line.main import main
from kailash_testkit.databases import storage
from kailash_testkit.databases.storage import RunFolder


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Storage of the test's own, in place of the machine's; a project without settings."""
    monkeypatch.delenv("TESTKIT_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "memory").mkdir()
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(storage, "_MEMORY_BACKED", tmp_path / "memory")
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(tmp_path / "disk"))
    return tmp_path


def ended_run(*, kept: str | None = None) -> RunFolder:
    """The folder of a run that ended without removing it."""
    folder = RunFolder()
    folder.create()
    if kept:
        folder.keep(kept)
    folder.leave()
    return folder


def test_with_nothing_to_remove_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean"]) == 0
    assert capsys.readouterr().out == "nothing to remove\n"


def test_what_was_kept_and_left_goes_and_what_is_in_use_stays(capsys: pytest.CaptureFixture[str]) -> None:
    living = RunFolder()
    living.create()
    kept, left = ended_run(kept="SQLite file testkit.db: test_it"), ended_run()
    said = sorted(
        [
            f"  {kept.path}, kept: SQLite file testkit.db: test_it",
            f"  {left.path}, left by a run that was killed",
        ]
    )
    assert main(["clean"]) == 1  # nobody is there to ask
    listed = capsys.readouterr().out.splitlines()
    assert sorted(line for line in listed if line.startswith("  ")) == said
    assert listed[-1] == "nothing was removed"
    assert kept.path.exists()

    assert main(["clean", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "removed"
    assert not kept.path.exists()
    assert not left.path.exists()
    assert living.path.exists()
    living.remove()


def test_it_asks_whoever_sits_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ended_run(kept="a database")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answer, exists in (("", True), ("n", True), ("y", False)):
        monkeypatch.setattr("builtins.input", lambda prompt, answer=answer: answer)
        assert main(["clean"]) == (1 if exists else 0)
        assert kept.path.exists() == exists


def test_what_is_on_disk_is_found_where_there_is_room_in_memory_now(
    own_storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without_memory:
        without_memory.setattr(storage, "_MEMORY_BACKED", own_storage / "missing")
        kept = ended_run(kept="a database")
    assert kept.path.is_relative_to(own_storage / "disk")
    assert main(["clean", "--yes"]) == 0
    assert not kept.path.exists()


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("oracle", "--database=oracle: not a kind of database"),
        ("postgresql://ada:secret@127.0.0.1:1/postgres", "no connection to PostgreSQL at 127.0.0.1:1"),
    ],
)
def test_a_server_that_cannot_be_had_is_told(database: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ended_run(kept="a database")
    assert main(["clean", "--yes", "--database", database]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "secret" not in error
    assert kept.path.exists()
