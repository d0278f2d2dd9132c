"""The objects of a project that could be its DataFlow instance or its ASGI application."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kailash_testkit.projects.sources import Project, Source

DATAFLOW: Final = frozenset({"dataflow.DataFlow", "dataflow.core.DataFlow", "dataflow.core.engine.DataFlow"})
APPLICATION: Final = frozenset(
    {
        "fastapi.FastAPI",
        "fastapi.applications.FastAPI",
        "starlette.applications.Starlette",
        "litestar.Litestar",
        "litestar.app.Litestar",
        "quart.Quart",
        "sanic.Sanic",
        "blacksheep.Application",
        "falcon.asgi.App",
        "django.core.asgi.get_asgi_application",
        "nexus.Nexus",
        "nexus.core.Nexus",
    }
)
_ASGI: Final = ("scope", "receive", "send")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Candidate:
    """An object, or a function that makes one. target: ``shop.models:db``. place: ``shop/models.py:4``.

    call: the expression that makes it.
    """

    target: str
    place: str
    source: Source
    call: ast.AST
    is_function: bool = False


def dataflows(project: Project) -> list[Candidate]:
    """The DataFlow instances; functions that return one where there are none."""
    return _candidates(project, DATAFLOW)


def applications(project: Project) -> list[Candidate]:
    """The ASGI applications; functions that return one where there are none. None of those that another mounts."""
    mounted = {source.full_name(part) for source in project.sources for part in _mounted(source.tree)}
    found = _candidates(project, APPLICATION) or list(_written_by_hand(project))
    return [each for each in found if each.target.replace(":", ".") not in mounted] or found


def _candidates(project: Project, kinds: frozenset[str]) -> list[Candidate]:
    kinds |= _subclasses(project, kinds)
    makers = _makers(project, kinds)
    objects: dict[str, Candidate] = {}
    for source in project.sources:
        for name, value in module_assignments(source.tree):
            if isinstance(value, ast.Call) and source.full_name(value.func) in kinds | makers.keys():
                target = f"{source.module}:{name}"
                made = makers.get(source.full_name(value.func))
                objects[target] = Candidate(target, source.place(value), *((source, value) if made is None else made))
    functions = [
        Candidate(f"{source.module}:{function.name}", source.place(function), source, function, is_function=True)
        for source in project.sources
        for function in _functions(source)
        if f"{source.module}.{function.name}" in makers and not _needs_arguments(function)
    ]
    return list(objects.values()) or functions


def module_assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What a module gives names to when it is imported."""
    for statement in _run_at_import(tree.body):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            yield statement.target.id, statement.value


def _run_at_import(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
            continue
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _run_at_import(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from _run_at_import(handler.body)


def _subclasses(project: Project, kinds: frozenset[str]) -> frozenset[str]:
    return frozenset(
        f"{source.module}.{statement.name}"
        for source in project.sources
        for statement in source.tree.body
        if isinstance(statement, ast.ClassDef) and any(source.full_name(base) in kinds for base in statement.bases)
    )


def _makers(project: Project, kinds: frozenset[str]) -> Mapping[str, tuple[Source, ast.AST]]:
    """The functions that return one of the kinds, by full name: one that calls another maker is one, too."""
    found: dict[str, tuple[Source, ast.AST]] = {}
    before = -1
    while len(found) > before:
        before = len(found)
        for source in project.sources:
            for function in _functions(source):
                if _returns(source, function, kinds | found.keys()):
                    found[f"{source.module}.{function.name}"] = (source, function)
    return found


def _functions(source: Source) -> Iterator[_Function]:
    return (each for each in source.tree.body if isinstance(each, _Function))


def _returns(source: Source, function: _Function, kinds: frozenset[str]) -> bool:
    if function.returns is not None and source.full_name(function.returns) in kinds:
        return True
    made = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _is_call(source, node.value, kinds)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return any(
        _is_call(source, node.value, kinds) or (isinstance(node.value, ast.Name) and node.value.id in made)
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
    )


def _is_call(source: Source, node: ast.AST | None, kinds: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and source.full_name(node.func) in kinds


def _needs_arguments(function: _Function) -> bool:
    given = function.args
    positional = len(given.posonlyargs) + len(given.args) - len(given.defaults)
    return positional > 0 or any(default is None for default in given.kw_defaults)


def _mounted(tree: ast.Module) -> Iterator[ast.expr]:
    """What is given to ``mount``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "mount",
            "Mount",
        ):
            yield from [*node.args, *(keyword.value for keyword in node.keywords)]


def _written_by_hand(project: Project) -> Iterator[Candidate]:
    """Functions that are applications: ``async def app(scope, receive, send)``."""
    for source in project.sources:
        for function in _functions(source):
            if tuple(argument.arg for argument in function.args.args) == _ASGI:
                yield Candidate(f"{source.module}:{function.name}", source.place(function), source, function)
