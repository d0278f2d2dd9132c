"""The package's page on an index is the README, with links that work there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>(?!https?:|#)[^)]+)\)")


def links_for_an_index(text: str, source: str | None) -> str:
    """Makes relative links absolute. source: where the repository's files are shown; without one links become text."""

    def replaced(link: re.Match[str]) -> str:
        if source:
            return f"{link['image']}[{link['text']}]({source.rstrip('/')}/{link['target']})"
        return "" if link["image"] else link["text"]

    return _LINK.sub(replaced, text)


class ReadmeHook(MetadataHookInterface):
    """Called by hatchling when it builds a distribution."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds the readme. Its links lead to the project URL named Documentation, if there is one."""
        text = Path(self.root, "README.md").read_text("utf-8")
        source = metadata.get("urls", {}).get("Documentation")
        metadata["readme"] = {"content-type": "text/markdown", "text": links_for_an_index(text, source)}
