"""The recipes of ``docs/plugins.md``: what its sections show is what is tried."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

_PAGE: Final = Path(__file__).parents[2] / "docs" / "plugins.md"


def code(heading: str) -> str:
    """The Python of a section. Marked ``py`` there, since the page's other tests do not have its plugin."""
    return _block(heading, "py")


def options(heading: str) -> dict[str, Any]:
    """pytest's settings in a section."""
    settings: dict[str, Any] = tomllib.loads(_block(heading, "toml"))["tool"]["pytest"]["ini_options"]
    return settings


def _block(heading: str, language: str) -> str:
    _, _, section = _PAGE.read_text().partition(f"\n## {heading}\n")
    found = re.search(rf"^```{language}\n(.*?)^```$", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    assert found, f"{_PAGE.name} has no {language} block under {heading}"
    return found[1]
