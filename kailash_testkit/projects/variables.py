"""The variables that a project reads, those that may name its database first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kailash_testkit.projects.candidates import Candidate
from kailash_testkit.projects.sources import Project, Source

_READERS: Final = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "decouple.config"}
)
_ENVIRONS: Final = re.compile(r"(^|\.)env(\.\w+)?$")  # of environs and django-environ: env.str("X")
_URL: Final = re.compile(r"(^|_)(DATABASE|DB|DATAFLOW|POSTGRES\w*|PG|MYSQL|MARIADB|SQLITE|SQL\w*)(_\w+)?$|_?(DSN|URI)$")
_ELSEWHERE: Final = re.compile(
    r"REDIS|CACHE|CELERY|BROKER|SENTRY|API|MONGO|AMQP|KAFKA|NAME|HOST|PORT|USER|PASS|POOL|ECHO"
)


@dataclass(frozen=True)
class Variable:
    """A variable of the environment. place: where it is read. near: how near to the DataFlow; 0 is within its call."""

    name: str
    place: str
    near: int


def url_variables(project: Project, dataflow: Candidate) -> list[Variable]:
    """The variables that may hold the URL of the DataFlow, the likeliest first; each once."""
    source, call = dataflow.source, dataflow.call
    within = {id(node) for node in ast.walk(call)}
    named = {str(name) for node in ast.walk(call) for name in (getattr(node, "id", None), getattr(node, "attr", None))}
    found: dict[str, Variable] = {}
    for each in project.sources:
        reads = [*_reads(each), *_settings_fields(each)]
        for name, node, names in reads:
            near = 0 if each is source and id(node) in within else 1 if names & named else 2
            if (near < 2 or _looks_like_url(name)) and (name not in found or near < found[name].near):
                found[name] = Variable(name, each.place(node), near)
    return sorted(found.values(), key=lambda variable: (variable.near, not _looks_like_url(variable.name)))


def _looks_like_url(name: str) -> bool:
    return bool(_URL.search(name.upper())) and not _ELSEWHERE.search(name.upper())


_Read = tuple[str, ast.AST, set[str]]
"""A variable, where it is read, and the names that stand for what was read."""


def _reads(source: Source) -> Iterator[_Read]:
    for owner, names in _owners(source.tree):
        for node in ast.walk(owner):
            name = _read(source, node)
            if name:
                yield name, node, names


def _owners(tree: ast.Module) -> Iterator[tuple[ast.AST, set[str]]]:
    """Every statement, with the names that it gives: those of an assignment, that of the function it is in."""
    yield tree, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield node.value, {getattr(each, "id", getattr(each, "attr", "")) for each in node.targets}
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.value, {getattr(node.target, "id", getattr(node.target, "attr", ""))}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, {node.name}


def _read(source: Source, node: ast.AST) -> str:
    """The variable that an expression reads; empty for others."""
    if isinstance(node, ast.Subscript) and source.full_name(node.value) == "os.environ":
        return _text(node.slice)
    if isinstance(node, ast.Call) and node.args:
        reader = source.full_name(node.func)
        if reader in _READERS or _ENVIRONS.search(reader):
            return _text(node.args[0])
    return ""


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _settings_fields(source: Source) -> Iterator[_Read]:
    """The fields of pydantic's settings classes, each with the variable that fills it."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and any("Settings" in ast.unparse(base) for base in node.bases):
            prefix = next(_prefixes(node), "")
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    field = statement.target.id
                    for name in [*_aliases(statement.value)] or [f"{prefix}{field}".upper()]:
                        yield name, statement, {field}


def _prefixes(settings: ast.ClassDef) -> Iterator[str]:
    """What is given as ``env_prefix``: to SettingsConfigDict, in a dict, or in ``class Config``."""
    for node in ast.walk(settings):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (_text(value) for key, value in pairs if _text(key) == "env_prefix")
        elif isinstance(node, ast.keyword | ast.Assign):
            names = [node.arg] if isinstance(node, ast.keyword) else [getattr(each, "id", "") for each in node.targets]
            if "env_prefix" in names:
                yield _text(node.value)


def _aliases(value: ast.AST | None) -> Iterator[str]:
    """The names that a ``Field(...)`` gives: ``alias="X"``, ``validation_alias=AliasChoices("X", "Y")``."""
    if not isinstance(value, ast.Call):
        return
    for keyword in value.keywords:
        if keyword.arg in ("alias", "validation_alias", "env"):
            yield from (text for node in ast.walk(keyword.value) if (text := _text(node)))
