"""The recipes of ``docs/plugins.md`` and ``docs/outgoing_calls.md``: what their sections show is what is tried."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

_DOCS: Final = Path(__file__).parents[2] / "docs"


def code(heading: str, page: str = "plugins.md") -> str:
    """The Python of a section. Marked ``py`` there, since the page's other tests do not have its plugin."""
    return _block(heading, "py", page)


def options(heading: str) -> dict[str, Any]:
    """pytest's settings in a section."""
    settings: dict[str, Any] = tomllib.loads(_block(heading, "toml", "plugins.md"))["tool"]["pytest"]["ini_options"]
    return settings


def _block(heading: str, language: str, page: str) -> str:
    _, _, section = (_DOCS / page).read_text().partition(f"\n## {heading}\n")
    found = re.search(rf"^```{language}\n(.*?)^```$", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {language} block under {heading}"
    return found[1]
