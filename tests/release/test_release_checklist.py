"""`make release` goes through its checklist and stops at the first thing that is not right, having changed nothing."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = '[project]\nname = "x"\nversion = "0.2.0"\n'
URLS = "\n".join(
    ["[project.urls]", *(f'{name} = "https://example.org/"' for name in ("Documentation", "Source", "Changelog"))]
)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, in a repository of the test's own."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "site" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / "README.md").write_text("how to")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return module


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "x")


def stopped_by(release: ModuleType, capsys: pytest.CaptureFixture[str], version: str = "0.2.0") -> str:
    assert release.main(version) == 1
    return capsys.readouterr().out.partition("stopped: ")[2]


def test_it_stops_at_the_first_that_is_not_right(
    release: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "'' is no version" in stopped_by(release, capsys, "")
    (tmp_path / "new.txt").write_text("x")
    assert "new.txt" in stopped_by(release, capsys)
    commit(tmp_path)
    assert "pyproject.toml states version 0.2.0" in stopped_by(release, capsys, "0.3.0")
    git(tmp_path, "tag", "v0.2.0")
    assert "the tag v0.2.0 is there already" in stopped_by(release, capsys)
    git(tmp_path, "tag", "--delete", "v0.2.0")
    assert "lacks Documentation, Source, Changelog" in stopped_by(release, capsys)
    (tmp_path / "pyproject.toml").write_text(f"{PYPROJECT}\n{URLS}\n")
    commit(tmp_path)
    assert "changelog.d/ has no fragment" in stopped_by(release, capsys)
    (tmp_path / "changelog.d" / "+x.added.md").write_text("Something new.")
    (tmp_path / "Makefile").write_text("lint:\n\t@echo a name is unused; exit 1\n")
    commit(tmp_path)
    assert stopped_by(release, capsys).startswith("make lint failed:\na name is unused")


def test_the_targets_that_it_makes_are_there(release: ModuleType) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    script = (ROOT / "site" / "release.py").read_text()
    named = re.search(r"for target in \((.*)\):", script)
    assert named is not None
    assert set(re.findall(r'"([\w-]+)"', named[1])) <= targets
