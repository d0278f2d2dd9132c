"""Where the pages of the documentation are on this machine."""

from __future__ import annotations

from pathlib import Path

from kailash_testkit import errors


def documentation() -> Path:
    """The folder with the pages: in the installed package, or beside it where it runs from its sources."""
    package = Path(errors.__file__).parent
    installed = package / "docs"
    return installed if installed.is_dir() else package.parent / "docs"
