"""The parser: help, exit codes, and arguments that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kailash_testkit.command_line.application import pytest_settings, words
from kailash_testkit.command_line.main import main
from kailash_testkit.errors import ConfigurationError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_tells_the_exit_codes_and_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["generate", "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for expected in ("exit codes:", "testkit_url_env", "--check", "--only MODEL", "--stdout", "(88)"):
        assert expected in text


@pytest.mark.parametrize("arguments", [[], ["generat"], ["generate", "a:b"], ["generate", "-o", "x", "--stdout"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: kailash-testkit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stdout"], "the kit does not know where the DataFlow instance lives"),
        (["a:b", "--stdout", "--check"], "--check compares with a file"),
        (["a:b", "--stdout", "--line-length", "40"], "--line-length 40 is too short"),
        (["nowhere", "--stdout"], "MODULE:NAME = 'nowhere' does not say where to look"),
        (["nowhere.at.all:db", "--stdout"], "cannot be imported: No module named 'nowhere'"),
    ],
)
def test_arguments_that_cannot_be_used_are_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kailash-testkit generate: ")
    assert message in error
    assert "\n  do:  " in error


def test_settings_are_those_of_pytest_in_pyproject() -> None:
    assert pytest_settings() == {}
    Path("pyproject.toml").write_text('[tool.pytest.ini_options]\ntestkit_url_env = "A B"\n')
    assert words(pytest_settings()["testkit_url_env"]) == ["A", "B"]
    assert words(["A", "B"]) == ["A", "B"]
    Path("pyproject.toml").write_text("[tool\n")
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml cannot be read"):
        pytest_settings()


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, kailash_testkit.command_line.main as m; print(*sorted({'kailash', 'dataflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
