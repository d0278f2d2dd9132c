"""The names that a generated module uses, and the import statements that provide them."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FACTORIES = "kailash_testkit.factories.typed"


@dataclass
class Namespace:
    """Hands out names of the module. ``taken`` holds those that mean something else, fields of models included.

    In a class body a field hides an imported type of the same name: ``date: date`` makes `date` unusable.
    """

    taken: set[str]
    _imported: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def define(self, name: str) -> str:
        """A name for something that the module defines: the preferred one, or it with underscores."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def use(self, module: str, name: str) -> str:
        """The name under which something of another module is known; a builtin is imported only when hidden."""
        known = self._imported.get((module, name))
        if known is None:
            if module == builtins.__name__ and name not in self.taken:
                return name
            known = self._imported[module, name] = self.define(name)
        return known

    def typing(self, name: str) -> str:
        """`use` of something in `typing`."""
        return self.use("typing", name)

    def statements(self, line_length: int) -> list[str]:
        """The import statements: standard library, installed packages, the application, as isort groups them."""
        modules: dict[str, list[tuple[str, str]]] = {}
        for (module, name), known in self._imported.items():
            modules.setdefault(module, []).append((name, known))
        groups: list[list[str]] = [[], [], []]
        for module in sorted(modules):
            groups[_group(module)].append(_statement(module, modules[module], line_length))
        return ["\n".join(group) for group in groups if group]


def _group(module: str) -> int:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return 1 if top == "kailash_testkit" or "site-packages" in file else 2


def _statement(module: str, names: Iterable[tuple[str, str]], line_length: int) -> str:
    """All imports from one module: those under another name have statements of their own."""
    ordered = sorted(names, key=lambda each: _order(each[0]))
    plain = [name for name, known in ordered if name == known]
    renamed = [(name, [f"{name} as {known}"]) for name, known in ordered if name != known]
    together = [(plain[0], plain)] if plain else []
    statements = sorted([*together, *renamed], key=lambda each: _order(each[0]))
    return "\n".join(_line(module, parts, line_length) for _, parts in statements)


def _line(module: str, parts: Sequence[str], line_length: int) -> str:
    line = f"from {module} import {', '.join(parts)}"
    if len(line) <= line_length:
        return line
    return "\n".join([f"from {module} import (", *(f"    {part}," for part in parts), ")"])


def _order(name: str) -> tuple[int, str]:
    """Constants, classes, others: isort's order."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name
