"""Imports point down, and never in a circle: the table below is the order of the package's folders."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import kailash_testkit

# From the top down. What stands in a line may import from its own line and from those below.
LAYERS: Final = (
    ("pytest_plugin", "command_line"),
    ("explore",),
    ("client", "doctor", "generate", "projects"),
    ("kit",),
    ("write_coverage",),
    ("judge",),
    ("factories",),
    ("open_kits",),
    ("store",),
    ("explain",),
    ("changes", "isolation", "queries"),
    ("asgi",),
    ("databases", "importer"),
    ("models", "internals"),
    (
        "concurrency",
        "app_code",
        "errors",
        "exploration",
        "explanation",
        "http_library",
        "import_hooks",
        "looks",
        "pages",
        "redaction",
        "secret_names",
        "signatures",
        "text",
        "version",
    ),
)

ROOT: Final = "kailash_testkit"
Arrow = tuple[str, str]
Arrows = Mapping[str, Mapping[str, Arrow]]


@cache
def modules() -> dict[str, Path]:
    """The package's modules by their full name; that of a folder stands for its ``__init__``."""
    package = Path(kailash_testkit.__file__).parent
    found: dict[str, Path] = {}
    for file in package.rglob("*.py"):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(tree: ast.AST, known: Mapping[str, object]) -> Iterator[str]:
    """The package's modules that a module imports: also in functions, and for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in known else node.module


@cache
def arrows() -> list[Arrow]:
    """Who imports whom, without the root, whose names are all from below."""
    known = modules()
    return [
        (module, imported)
        for module, file in sorted(known.items())
        if module != ROOT
        for imported in imports(ast.parse(file.read_text("utf-8")), known)
    ]


def layer(module: str) -> int:
    """How far up in the table a module stands."""
    folder = module.split(".")[1]
    height = [len(LAYERS) - number for number, names in enumerate(LAYERS) if folder in names]
    assert height, f"{module}: put {folder!r} into LAYERS, above all that it imports"
    return height[0]


def siblings(found: list[Arrow]) -> Mapping[str, Arrows]:
    """The arrows between the modules and folders of each folder, with one import as the proof of each."""
    result: dict[str, dict[str, dict[str, Arrow]]] = defaultdict(lambda: defaultdict(dict))
    for module, imported in found:
        one, other = module.split("."), imported.split(".")
        depth = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
        depth = min(len(one), len(other)) if depth is None else depth
        names = [".".join(path[depth : depth + 1]) or "__init__" for path in (one, other)]
        if names[0] != names[1]:
            result[".".join(one[:depth])][names[0]].setdefault(names[1], (module, imported))
    return result


def circle(graph: Arrows) -> list[Arrow]:
    """The imports of a shortest circle; empty where there is none."""
    shortest: list[Arrow] = []
    for start in sorted(graph):
        paths: list[tuple[str, list[Arrow]]] = [(start, [])]
        seen: set[str] = set()
        for name, path in paths:  # grows while it is gone through
            for following, proof in sorted(graph.get(name, {}).items()):
                if following == start and (not shortest or len(path) < len(shortest) - 1):
                    shortest = [*path, proof]
                if following not in seen:
                    seen.add(following)
                    paths.append((following, [*path, proof]))
    return shortest


def test_imports_point_down() -> None:
    upward = [
        f"{module} imports {imported}: {module.split('.')[1]} is below {imported.split('.')[1]}"
        for module, imported in arrows()
        if imported != ROOT and layer(module) < layer(imported)
    ]
    rule = "imports point down only, in the order of LAYERS; also those under TYPE_CHECKING and in functions"
    assert not upward, "\n".join([rule, *upward])


def test_nothing_imports_the_root() -> None:
    """Its names are those of modules below: for them it would be a circle."""
    assert [module for module, imported in arrows() if imported == ROOT] == []


def test_there_is_no_circle_of_modules_or_folders() -> None:
    circles = {folder: circle(graph) for folder, graph in siblings(arrows()).items()}
    found = {folder: proofs for folder, proofs in circles.items() if proofs}
    lines = [
        f"in {folder}: {', '.join(f'{module} imports {imported}' for module, imported in proofs)}"
        for folder, proofs in sorted(found.items())
    ]
    assert not lines, "\n".join(["modules and folders import each other in no circle", *lines])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import kailash_testkit.text", ["kailash_testkit.text"]),
        ("from kailash_testkit.text import redact", ["kailash_testkit.text"]),
        ("from kailash_testkit import text", ["kailash_testkit.text"]),
        ("def f():\n    from kailash_testkit import Kit", ["kailash_testkit"]),
        ("if TYPE_CHECKING:\n    from kailash_testkit.text import redact", ["kailash_testkit.text"]),
        ("import json", []),
    ],
)
def test_every_form_of_import_is_seen(source: str, expected: list[str]) -> None:
    assert list(imports(ast.parse(source), modules())) == expected


def test_a_circle_of_folders_is_seen_through_their_modules() -> None:
    found = siblings([("k.a.x", "k.b.y"), ("k.b.z", "k.a.w"), ("k.a.x", "k.a.w")])
    assert circle(found["k"]) == [("k.a.x", "k.b.y"), ("k.b.z", "k.a.w")]
    assert circle(found["k.a"]) == []
