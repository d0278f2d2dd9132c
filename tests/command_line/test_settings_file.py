"""`init` adds lines below the heading that pytest reads, in every kind of settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kailash_testkit.command_line.project_settings import pytest_settings
from kailash_testkit.command_line.settings_file import with_settings


@pytest.mark.parametrize("headed", [False, True])
@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("pytest.ini", "pytest"),
        (".pytest.ini", "pytest"),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
        ("other.cfg", "tool:pytest"),
        ("other.ini", "pytest"),
        ("pyproject.toml", "tool.pytest.ini_options"),
        ("other.toml", "tool.pytest.ini_options"),
    ],
)
def test_what_is_added_is_read(tmp_path: Path, name: str, heading: str, *, headed: bool) -> None:
    file = tmp_path / name
    quote = '"' if file.suffix == ".toml" else ""
    if headed:
        file.write_text(f"[{heading}]\naddopts = {quote}-q{quote}\n")
    file.write_bytes(with_settings(file, {"testkit_url_env": ["A", "B"]}, has_section=headed).after)
    settings = pytest_settings(str(file))
    assert settings["testkit_url_env"] == (["A", "B"] if quote else "A B")
    assert settings.get("addopts") == ("-q" if headed else None)
