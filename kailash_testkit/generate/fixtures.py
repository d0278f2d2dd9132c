"""The text of the generated fixtures: for each model a stored row, and the factory, with their types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from kailash_testkit.generate.layout import docstring
from kailash_testkit.generate.names import Names, choose_names

_OWN: Final = "kailash-testkit generate"


def generate_fixtures(
    dataflow: Any, target: str, module: str, *, only: Sequence[str] = (), line_length: int = 88
) -> str:
    """The source of fixtures for the factories of a generated module, which is named as tests import it."""
    names, _ = choose_names(sorted(dataflow.get_models()))
    chosen = [names[model] for model in sorted(set(only) or names)]
    package, _, name = module.rpartition(".")
    imported = f"from {package} import {name}" if package else f"import {name}"
    header = docstring(
        [
            f"Fixtures of the factories in {module}.",
            f"Written by `{_OWN} {target} --fixtures`. Import them into a conftest: a fixture of yours takes the place "
            "of one of the same name, and a row is made by the fixture of its factory.",
        ],
        line_length,
    )
    head = "\n\n".join([header, "from __future__ import annotations", "import pytest", imported])
    return "\n\n\n".join([head, *(block for each in chosen for block in _blocks(each, name))]) + "\n"


def _blocks(names: Names, module: str) -> Iterable[str]:
    row = names.create.removeprefix("create_")
    factory = names.handle if names.handle != row else f"{row}_factory"
    yield "\n".join(
        [
            f'@pytest.fixture(name="{factory}")',
            f"def fixture_{factory}() -> {module}.{names.of('Factory')}:",
            f'    """The factory for {names.model}."""',
            f"    return {module}.{names.handle}",
        ]
    )
    yield "\n".join(
        [
            f'@pytest.fixture(name="{row}")',
            f"def fixture_{row}(",
            f"    {factory}: {module}.{names.of('Factory')},",
            f") -> {module}.{names.of('Row')}:",
            f'    """A stored {names.model}."""',
            f"    return {factory}.create_sync()",
        ]
    )


def module_name(file: Path, roots: Iterable[Path]) -> str:
    """The name by which a file is imported: from the first of these folders that it lies in, else by its own."""
    absolute = file.absolute()
    for root in roots:
        if absolute.is_relative_to(root.absolute()):
            return ".".join(absolute.relative_to(root.absolute()).with_suffix("").parts)
    return file.stem
