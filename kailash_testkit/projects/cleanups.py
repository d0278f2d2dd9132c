"""What tests carry with them to clean a database, which the kit makes superfluous."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kailash_testkit.projects.sources import Project

_SIGNS: Final = (
    (re.compile(r"\bDELETE\s+FROM\b|\bTRUNCATE\b|\bDROP\s+TABLE\b", re.IGNORECASE), "empties tables by SQL"),
    (re.compile(r"\w+(Bulk)?DeleteNode\b"), "deletes rows through nodes"),
    (re.compile(r"\bexpress(_sync)?\.(bulk_)?delete\b"), "deletes rows through express"),
    (re.compile(r"\b(drop_all|drop_tables|delete_all|truncate_all)\w*\("), "drops or empties tables"),
    (re.compile(r"\b(unlink|remove)\(.*\.(db|sqlite3?)\b|\.(db|sqlite3?)\b.*\.(unlink|remove)\("), "removes a file"),
)
_TEARDOWN: Final = re.compile(r"^(tear_?down|asyncTearDown|setup|setUp|asyncSetUp)(_\w+)?$")


@dataclass(frozen=True)
class CleanUp:
    """A fixture or teardown that cleans up. place: ``tests/conftest.py:12``. what: what it does."""

    place: str
    name: str
    what: str


def clean_ups(project: Project) -> list[CleanUp]:
    """Those of the project's tests: what is recognised, and surely not all."""
    return [
        CleanUp(source.place(function), function.name, what)
        for source in project.tests
        for function in _functions(source.tree)
        if (what := _what(function))
    ]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_fixture = any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)
            if is_fixture or _TEARDOWN.match(node.name):
                yield node


def _what(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if function.name == "event_loop":
        return "replaces the event loop; loop scopes in pytest's settings do that"
    text = ast.unparse(ast.Module(body=function.body, type_ignores=[]))
    return next((what for sign, what in _SIGNS if sign.search(text)), "")
