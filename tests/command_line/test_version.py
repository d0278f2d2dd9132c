"""The version is that of the installed distribution."""

from __future__ import annotations

from importlib.metadata import version

import pytest

import kailash_testkit
from kailash_testkit.command_line.main import main


def test_the_package_and_the_command_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"kailash-testkit {version('kailash-testkit')}\n"
    assert kailash_testkit.__version__ == version("kailash-testkit")
