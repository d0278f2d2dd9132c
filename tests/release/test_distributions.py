"""The wheel and the sdist: what is in them, what they pull, and that they work in an environment of their own."""

from __future__ import annotations

import email
import re
import subprocess
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from kailash_testkit.version import __version__

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = {
    *("aiosqlite", "filelock", "httpcore", "httpx", "kailash", "kailash-dataflow", "packaging"),
    *("pytest", "pytest-asyncio"),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = pytest.importorskip("hatchling.builders.wheel")
    (path,) = builder.WheelBuilder(str(ROOT)).build(
        directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"]
    )
    return Path(path)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    builder = pytest.importorskip("hatchling.builders.sdist")
    (path,) = builder.SdistBuilder(str(ROOT)).build(
        directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"]
    )
    return Path(path)


def metadata_of(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def files_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("RECORD")}


def test_the_metadata_tells_who_for_and_what(wheel: Path) -> None:
    found = metadata_of(wheel)
    assert (found["Name"], found["Version"]) == ("kailash-testkit", __version__)
    assert found["Author"]
    assert found["License-Expression"] == "Apache-2.0"
    assert set(found.get_all("Classifier", [])) == set(PROJECT["classifiers"])


def test_without_extras_only_what_is_needed_is_pulled(wheel: Path) -> None:
    required = [line for line in metadata_of(wheel).get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[<>=!~;\[ ]", line)[0] for line in required} == NEEDED


def test_the_page_on_an_index_has_no_link_that_leads_nowhere(wheel: Path) -> None:
    page = str(metadata_of(wheel).get_payload())
    assert page.startswith("# kailash_testkit\n")
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", page) == []


def test_a_wheel_from_the_sdist_is_the_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    builder = pytest.importorskip("hatchling.builders.wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    (again,) = builder.WheelBuilder(str(unpacked)).build(directory=str(tmp_path), versions=["standard"])
    assert files_in(Path(again)) == files_in(wheel)


def test_in_a_new_environment_a_first_test_passes(wheel: Path, tmp_path: Path) -> None:
    """What the README says of `pip install`, in an empty folder, with what is pulled and nothing more."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in installed.stderr or "Could not find a version" in installed.stderr:
        pytest.skip("the package index cannot be reached, so what the wheel needs cannot be installed")
    assert installed.returncode == 0, installed.stderr
    (tmp_path / "shop.py").write_text(MODELS)
    (tmp_path / "tmp").mkdir()
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    command = [tmp_path / "env" / "bin" / "kailash-testkit", "init", "--guide"]
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert (tmp_path / "tests" / "AGENTS.md").read_text().startswith("# Tests with kailash_testkit")


MODELS = """\
import os
from dataflow import DataFlow

db = DataFlow(os.environ["DATABASE_URL"], cache_enabled=False)


@db.model
class Order:
    id: int
    note: str
"""


def test_the_oldest_versions_that_are_tried_are_the_bounds() -> None:
    """`make test-oldest` tries what pyproject.toml allows."""
    text = (ROOT / "tests" / "constraints-oldest.txt").read_text()
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE))
    for line in PROJECT["dependencies"]:
        bound = re.match(r"([\w-]+)>=([\d.]+)", line)
        assert bound is not None
        assert f"{pins[bound[1]]}.".startswith(f"{bound[2]}."), line
