"""Adds lines to the file that pytest reads its settings from, and changes none that is there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kailash_testkit.errors import ConfigurationError

Setting = str | Sequence[str]

# The headings of pytest's section by the name of the file, or else by its ending; the one that is written first.
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "pyproject.toml": ("tool.pytest.ini_options", "tool.pytest"),
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    ".toml": ("tool.pytest.ini_options", "tool.pytest", "pytest"),
    ".cfg": ("tool:pytest",),
    ".ini": ("pytest",),
}


@dataclass(frozen=True)
class Change:
    """A file as it is to be written. before: None where there is none. lines: those that are new."""

    path: Path
    before: bytes | None
    after: bytes
    lines: Sequence[str]


def with_settings(file: Path, settings: Mapping[str, Setting], *, has_section: bool) -> Change:
    """The file with further settings, below the heading of its section, or in a new section at its end.

    has_section: whether pytest finds settings in it. Raises `ConfigurationError` where the heading is not a line of
    its own.
    """
    toml = file.suffix == ".toml"
    lines = [f"{name} = {_toml(value) if toml else _ini(value)}" for name, value in settings.items()]
    before = file.read_bytes() if file.exists() else None
    text = (before or b"").decode("utf-8")
    headings = _HEADINGS.get(file.name) or _HEADINGS.get(file.suffix) or _HEADINGS[".ini"]
    heading = next((found for name in headings if (found := _heading(text, name))), None)
    newline = "\r\n" if "\r\n" in text else "\n"
    if heading is not None:
        rest = text[heading.end() :]
        start = text[: heading.end()] + ("" if heading[0].endswith("\n") else newline)
        after = start + newline.join(lines) + newline + rest
    elif has_section:
        raise ConfigurationError(
            f"pytest's section in {file.name} has no heading of its own, so nothing was written",
            do="add these lines to it by hand: " + "; ".join(lines),
        )
    else:
        lines = [f"[{headings[0]}]", *lines]
        gap = "" if not text.strip() else newline if text.endswith("\n") else newline * 2
        after = text + gap + newline.join(lines) + newline
    return Change(file, before, after.encode("utf-8"), lines)


def _heading(text: str, name: str) -> re.Match[str] | None:
    return re.search(rf"^\[[ \t]*{re.escape(name)}[ \t]*\][ \t]*(#.*)?(\r?\n|\Z)", text, re.MULTILINE)


def _toml(value: Setting) -> str:
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)


def _ini(value: Setting) -> str:
    return value if isinstance(value, str) else shlex.join(value)
