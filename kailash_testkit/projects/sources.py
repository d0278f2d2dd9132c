"""The modules of a project, each with the name that the project's own imports give it."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"node_modules", "site-packages", "build", "dist", "venv", "env"})
_TESTS: Final = frozenset({"tests", "test"})
_SRC: Final = "src"


@dataclass(frozen=True, eq=False)
class Source:
    """A module. root: the folder that it is imported from. shown: its path, from the project's folder."""

    path: Path
    root: Path
    shown: str
    tree: ast.Module

    @cached_property
    def module(self) -> str:
        """Its name: ``shop.models``."""
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def place(self, node: ast.AST) -> str:
        """Where something in it stands: ``shop/models.py:4``."""
        return f"{self.shown}:{getattr(node, 'lineno', 1)}"

    @cached_property
    def imported(self) -> dict[str, str]:
        """What the names that it imports stand for: ``{"flow": "dataflow.DataFlow"}``."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (
                        alias.name if alias.asname else alias.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{base}.{alias.name}" if base else alias.name
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        """The module that is imported from; a relative one by its full name."""
        if not node.level:
            return node.module or ""
        package = self.module.split(".") if self.path.stem == "__init__" else self.module.split(".")[:-1]
        package = package[: len(package) - (node.level - 1)]
        return ".".join([*package, *([node.module] if node.module else [])])

    def full_name(self, node: ast.AST) -> str:
        """What an expression like ``flow.DataFlow`` names, in full; empty for other expressions."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, f"{self.module}.{node.id}")
        if isinstance(node, ast.Attribute):
            base = self.full_name(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""


@dataclass(frozen=True)
class Project:
    """The modules of a folder. unreadable: the files that no Python can read, with the reason."""

    folder: Path
    sources: Sequence[Source]
    tests: Sequence[Source]
    unreadable: Sequence[str] = field(default=())


def read_project(folder: Path) -> Project:
    """Reads every module below a folder, but what is installed, built or hidden there."""
    parsed: list[tuple[Path, ast.Module]] = []
    unreadable: list[str] = []
    for path in _python_files(folder):
        try:
            parsed.append((path, ast.parse(path.read_bytes(), str(path))))
        except (SyntaxError, ValueError, OSError) as error:
            unreadable.append(f"{path.relative_to(folder)}: {error}")
    wanted = Counter(name for _, tree in parsed for name in _absolute_imports(tree))
    roots: dict[tuple[Path, ...], Path] = {}
    sources: list[Source] = []
    for path, tree in parsed:
        options = tuple(_roots(path, folder))
        if options not in roots:
            roots[options] = max(options, key=lambda root: (_resolved(wanted, root), root.name == _SRC))
        sources.append(Source(path, roots[options], path.relative_to(folder).as_posix(), tree))
    tests = [source for source in sources if is_test(source.path.relative_to(folder))]
    return Project(folder, [source for source in sources if source not in tests], tests, unreadable)


def is_test(path: Path) -> bool:
    """Whether a module of that path belongs to the tests."""
    in_tests = not _TESTS.isdisjoint(path.parts[:-1])
    return in_tests or path.stem == "conftest" or path.stem.startswith("test_") or path.stem.endswith("_test")


def _python_files(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not name.endswith(".egg-info")
            and not Path(where, name, "pyvenv.cfg").exists()
        )
        yield from (Path(where, name) for name in sorted(files) if name.endswith(".py"))


def _roots(path: Path, folder: Path) -> Iterator[Path]:
    """The folders that a module may be imported from, the likeliest first: none that is itself a package."""
    nearest = path.parent
    while (nearest / "__init__.py").exists() and nearest != folder:
        nearest = nearest.parent
    above = [each for each in (nearest, *nearest.parents) if each == folder or folder in each.parents]
    usable = [each for each in above if each == folder or not (each / "__init__.py").exists()]
    in_package = (path.parent / "__init__.py").exists()
    yield from usable if in_package else reversed(usable)


def _absolute_imports(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield tuple(node.module.split("."))


def _resolved(wanted: Mapping[tuple[str, ...], int], root: Path) -> int:
    """How many of the project's imports name a module below a folder."""
    return sum(
        times
        for name, times in wanted.items()
        if Path(root, *name).with_suffix(".py").exists() or Path(root, *name).is_dir()
    )
