"""``kailash-testkit explain-error`` prints the page that each error names."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

from kailash_testkit import errors
from kailash_testkit.command_line.documentation import documentation
from kailash_testkit.command_line.main import main
from kailash_testkit.errors import KitError, RowNotFound

ROOT = Path(__file__).parents[2]
NAMES = sorted(
    name
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, KitError) and found is not KitError
)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_each_error_is_printed_by_the_command_that_it_names(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (note,) = getattr(errors, name)("it broke").__notes__
    assert note == f"  see: kailash-testkit explain-error {name}"
    assert main(note.split()[2:]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"# {name}\n")
    assert "**Cure.**" in printed
    assert printed.endswith(f"The pages are in {documentation()}\n")


def test_a_subclass_of_the_users_has_the_page_of_its_base() -> None:
    class Theirs(RowNotFound):
        pass

    assert Theirs("no row").__notes__ == ["  see: kailash-testkit explain-error RowNotFound"]
    assert not hasattr(KitError("it broke"), "__notes__")


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert any(line.startswith("RowNotFound ") and "No row with that id" in line for line in lines)


def test_a_name_with_its_module_is_understood_and_a_wrong_one_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain-error", "kailash_testkit.errors.RowNotFound"]) == 0
    assert main(["explain-error", "RowNotFond"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        "kailash-testkit explain-error: RowNotFond is no error of the kit: did you mean RowNotFound?"
    )
    assert said.endswith("  see: kailash-testkit explain-error ConfigurationError\n")


def test_the_pages_are_part_of_what_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["docs"] == "kailash_testkit/docs"


@pytest.mark.slow
def test_a_wheel_has_the_pages_and_the_template(tmp_path: Path) -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    (path,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(path).namelist()
    assert {f"kailash_testkit/docs/errors/{name}.md" for name in NAMES} < set(names)
    assert "kailash_testkit/pytest_plugin/failure_report/page/page.html" in names
