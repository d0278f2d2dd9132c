"""The checklist of a release: `make release VERSION=0.2.0` goes through it, and stops at what is not right.

It changes CHANGELOG.md, when everything before that is right, and writes `dist/`. It commits, tags and uploads nothing:
these commands are printed at the end.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def run(*command: str) -> str:
    """What a command of the project prints. Raises `CalledProcessError`."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def fragments() -> list[Path]:
    """The changes that the release brings."""
    return [path for path in (ROOT / "changelog.d").glob("*.md") if path.name != "README.md"]


def version_is_one(version: str) -> str | None:
    if re.fullmatch(r"\d+\.\d+\.\d+", version):
        return None
    return f"{version!r} is no version: make release VERSION=0.2.0"


def tree_is_clean(_: str) -> str | None:
    changed = run("git", "status", "--porcelain")
    return f"there are changes that are not committed:\n{changed}" if changed else None


def version_is_stated(version: str) -> str | None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return None if stated == version else f"pyproject.toml states version {stated}: change it, and commit"


def version_is_new(version: str) -> str | None:
    return f"the tag v{version} is there already" if run("git", "tag", "--list", f"v{version}") else None


def links_have_a_home(_: str) -> str | None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("urls", {})
    missing = [
        name for name in ("Documentation", "Source", "Changelog") if not str(urls.get(name, "")).startswith("https://")
    ]
    if not missing:
        return None
    return f"[project.urls] in pyproject.toml lacks {', '.join(missing)}: the README's links would be text on an index"


def changes_are_told(_: str) -> str | None:
    return None if fragments() else "changelog.d/ has no fragment: what does this release bring?"


def everything_passes(_: str) -> str | None:
    for target in ("lint", "types", "docs", "test-all", "test-oldest", "test-newest"):
        print(f"       make {target}", flush=True)
        done = subprocess.run(
            ["make", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"make {target} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return None


def changelog_is_written(version: str) -> str | None:
    run(sys.executable, "-m", "towncrier", "build", "--yes", "--version", version)
    return None


def distributions_are_built(_: str) -> str | None:
    run(sys.executable, "-m", "hatchling", "build", "-d", str(ROOT / "dist"))
    return None


STEPS: Final[tuple[tuple[str, Callable[[str], str | None]], ...]] = (
    ("the version is one", version_is_one),
    ("nothing is left to commit", tree_is_clean),
    ("pyproject.toml states the version", version_is_stated),
    ("the version is new", version_is_new),
    ("the project's URLs are stated", links_have_a_home),
    ("changelog.d/ tells what changed", changes_are_told),
    ("lint, types, docs and all tests pass, with the oldest and newest releases too", everything_passes),
    ("CHANGELOG.md is written from the fragments", changelog_is_written),
    ("the wheel and the sdist are built", distributions_are_built),
)
"""Each step with what checks or does it: it returns what is wrong, or None."""


def main(version: str) -> int:
    """Goes through the steps. Returns 1 at the first that is not right."""
    for number, (title, step) in enumerate(STEPS, 1):
        print(f"{number:>2} of {len(STEPS)}  {title}", flush=True)
        problem = step(version)
        if problem is not None:
            print(f"stopped: {problem}")
            return 1
    print(
        f"\nBy hand now: read CHANGELOG.md once more, then\n"
        f"  git commit -am 'Release {version}' && git tag v{version} && git push --follow-tags\n"
        f"  twine upload dist/*"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
