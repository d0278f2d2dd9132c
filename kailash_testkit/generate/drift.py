"""What differs between a generated module and the file that is checked in: models and fields, not bytes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


def drift(current: str, wanted: str) -> list[str]:
    """One line for each difference: ``Order: field priority: int is missing``. Layout and comments are none."""
    if current == wanted:
        return []
    try:
        tree = ast.parse(current)
    except SyntaxError as error:
        return [f"line {error.lineno} is no Python: {error.msg}"]
    ours, theirs = ast.parse(wanted), tree
    if _normal(ours) == _normal(theirs):
        return []
    found = [line for model in sorted(_models(ours) | _models(theirs)) for line in _differences(model, theirs, ours)]
    return found or ["its declarations differ from those that this version writes"]


@dataclass
class _Declared:
    """What a module declares for one model."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    given: dict[str, str] = field(default_factory=dict[str, str])
    text: list[str] = field(default_factory=list[str])


def _differences(model: str, current: ast.Module, wanted: ast.Module) -> list[str]:
    if model not in _models(current):
        return [f"{model}: is missing"]
    if model not in _models(wanted):
        return [f"{model}: is no model any more"]
    old, new = _declared(current, model), _declared(wanted, model)
    lines = [f"{model}: field {name}: {kind} is missing" for name, kind in new.fields.items() if name not in old.fields]
    lines += [f"{model}: field {name} is no field any more" for name in old.fields if name not in new.fields]
    for name in [name for name in new.fields if name in old.fields]:
        if old.fields[name] != new.fields[name]:
            lines.append(f"{model}: field {name} is {new.fields[name]} now, was {old.fields[name]}")
        elif old.given.get(name) != new.given.get(name):
            lines.append(f"{model}: field {name} takes {_shown(new, name)} now, took {_shown(old, name)}")
    return lines or ([f"{model}: its declarations differ"] if old.text != new.text else [])


def _shown(declared: _Declared, name: str) -> str:
    return declared.given.get(name, "no value")


def _models(module: ast.Module) -> dict[str, str]:
    """Stem of the generated classes by model."""
    found: dict[str, str] = {}
    for statement in module.body:
        if isinstance(statement, ast.ClassDef):
            for argument in statement.keywords:
                if argument.arg == "model":
                    name = argument.value
                    text = name.value if isinstance(name, ast.Constant) else ast.unparse(name).rstrip("_")
                    found[str(text)] = statement.name.removesuffix("Factory")
    return found


def _declared(module: ast.Module, model: str) -> _Declared:
    stem = _models(module)[model]
    found = _Declared()
    for statement in module.body:
        if isinstance(statement, ast.ClassDef):
            kind = statement.name.removeprefix(stem)
            if kind == "Row":
                found.fields = _annotations(statement)
            elif kind == "Fields":
                found.given = _annotations(statement)
            if kind in ("Row", "Fields", "Filter", "Expected", "Factory"):
                found.text.append(ast.dump(statement))
    return found


def _annotations(statement: ast.ClassDef) -> dict[str, str]:
    return {
        one.target.id: ast.unparse(one.annotation)
        for one in statement.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }


def _normal(module: ast.Module) -> tuple[list[str], list[str]]:
    """Imports in any order, and the rest in its own; docstrings aside, and `__future__`, which earlier versions had."""
    imports: list[str] = []
    rest: list[str] = []
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            continue
        if isinstance(statement, ast.ImportFrom):
            imports += [f"{statement.module} {each.name} {each.asname}" for each in statement.names]
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            rest.append(ast.dump(statement))
    return sorted(imports), rest
