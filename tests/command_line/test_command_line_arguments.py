"""The parser: help, exit codes, and arguments that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kailash_testkit.command_line.main import main
from kailash_testkit.command_line.project_settings import (
    ProjectSettings,
    database_setting,
    pytest_settings,
    settings_of_project,
    words,
)
from kailash_testkit.errors import ConfigurationError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("TESTKIT_DATABASE", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(variable, raising=False)


def test_help_tells_the_exit_codes_and_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["generate", "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for expected in ("exit codes:", "testkit_url_env", "--check", "--only MODEL", "--stdout", "(88)"):
        assert expected in text


def test_without_a_command_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    for expected in ("usage: kailash-testkit", "init", "doctor", "explain-error"):
        assert expected in printed.err


@pytest.mark.parametrize("arguments", [["generat"], ["generate", "a:b"], ["generate", "-o", "x", "--stdout"]])
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


def test_settings_are_those_that_pytest_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weakest first: each file that is added goes before those that are there; so pytest has it."""
    project = Path.cwd()
    assert pytest_settings() == {}
    files = {
        "setup.cfg": "[tool:pytest]\n",
        "tox.ini": "[pytest]\n",
        "pyproject.toml": "[tool.pytest.ini_options]\n",
        "pytest.ini": "[pytest]\n",
    }
    for name, section in files.items():
        value = f"A {name}".replace(".", "_")
        quote = '"' if name.endswith("toml") else ""
        lines = f"testkit_url_env = {quote}{value}{quote}\npythonpath = {quote}src lib{quote}\n"
        (project / name).write_text(section + lines)
        assert words(pytest_settings()["testkit_url_env"]) == value.split()
        assert pytest_settings()["pythonpath"] == [str(project / "src"), str(project / "lib")]
    inner = project / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert pytest_settings()["pythonpath"] == [str(project / "src"), str(project / "lib")]
    (project / "pytest.ini").unlink()
    (project / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*pyproject\.toml"):
        pytest_settings()
    assert words(["A", "B"]) == ["A", "B"]


def test_the_file_may_be_named_as_for_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path.cwd()
    (project / "config").mkdir()
    (project / "config" / "other.ini").write_text("[pytest]\npythonpath = ..\ntestkit_url_env = NAMED\n")
    (project / "pytest.ini").write_text("[pytest]\ntestkit_url_env = FOUND\n")
    assert pytest_settings()["testkit_url_env"] == "FOUND"
    named = settings_of_project("config/other.ini")
    assert (named.file, named.values["testkit_url_env"]) == (project / "config" / "other.ini", "NAMED")
    assert named.values["pythonpath"] == [str(project / "config" / "..")]
    monkeypatch.setenv("PYTEST_ADDOPTS", "-q -cconfig/other.ini -W error")
    assert settings_of_project() == named
    with pytest.raises(ConfigurationError, match=r"there is no file none\.ini"):
        pytest_settings("none.ini")


def test_what_pytest_refuses_is_told_in_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    Path("setup.cfg").write_text("[pytest]\ntestkit_url_env = A\n")
    assert main(["doctor", "a:b"]) == 2
    assert "pytest's settings cannot be read: [pytest] section in setup.cfg" in capsys.readouterr().err


def test_the_database_is_the_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weakest first: the default, the file, the environment, `addopts`, and then `PYTEST_ADDOPTS`."""

    def database(**values: str) -> tuple[str, str]:
        lines = [f"{name} = {value}" for name, value in values.items()]
        Path("pytest.ini").write_text("\n".join(["[pytest]", *lines]))
        return database_setting(settings_of_project())

    assert database_setting(ProjectSettings(None, {})) == ("sqlite", "testkit_database")
    assert database(testkit_database="mariadb") == ("mariadb", "testkit_database")
    assert database(testkit_database="mariadb", addopts="-o testkit_database=mysql") == ("mysql", "testkit_database")
    monkeypatch.setenv("TESTKIT_DATABASE", "postgresql")
    assert database(testkit_database="mariadb") == ("postgresql", "TESTKIT_DATABASE")
    assert database(addopts="-x --testkit-database=sqlite") == ("sqlite", "--testkit-database")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--testkit-database mysql")
    assert database(addopts="--testkit-database=sqlite") == ("mysql", "--testkit-database")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--testkit-database")
    with pytest.raises(ConfigurationError, match=r"PYTEST_ADDOPTS cannot be read: .*expected one argument"):
        settings_of_project()


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, kailash_testkit.command_line.main as m; print(*sorted({'kailash', 'dataflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
