"""What pages name is there: options, settings and commands on every page, calls with their arguments in the guide."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from doc_blocks import DOCS, PAGES, ROOT

import kailash_testkit
from kailash_testkit import ApiClient, Changes, Factory, Kit, SyncApiClient
from kailash_testkit.client.resources import Resource
from kailash_testkit.command_line.main import COMMANDS

TEXTS = [ROOT / "README.md", DOCS / "llms.txt", *PAGES]
OPTION = re.compile(r"(?<![\w-])--testkit-[a-z0-9-]*[a-z0-9]")
SETTING = re.compile(r"(?<![\w.])testkit_[a-z0-9_]*[a-z0-9]")
COMMAND = re.compile(r"`(?:python -m )?kailash-testkit ([a-z-]+)|^kailash-testkit ([a-z-]+)", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
FIXTURES = {"testkit_kits", "testkit_api"}
DATABASES = {"testkit_2", "testkit_kt255bf0bc2c"}
IN_JUNIT_FILES = re.compile(r"properties of the test case:(.*?)\n\n", re.DOTALL)
OWNERS: Mapping[str, type] = {
    "orders": Factory,
    "customers": Factory,
    "api": ApiClient,
    "sync_api": SyncApiClient,
    "kit": Kit,
    "changes": Changes,
}
OTHERS = {"AsyncClient", "TestClient", "DataFlow", "sleep", "uuid4"}
"""What the guide names in order to forbid it."""


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_settings_and_commands_are_there(page: Path, pytestconfig: pytest.Config) -> None:
    text = IN_JUNIT_FILES.sub("", page.read_text())
    for option in OPTION.findall(text):
        pytestconfig.getoption(option)
    for setting in set(SETTING.findall(text)) - FIXTURES - DATABASES:
        pytestconfig.getini(setting)
    parser = argparse.ArgumentParser().add_subparsers()
    for command in COMMANDS:
        command.add(parser)
    assert {one or other for one, other in COMMAND.findall(text)} <= set(parser.choices)


@pytest.mark.parametrize("page", [DOCS / "guide.md", DOCS / "llms.txt"], ids=lambda page: page.name)
def test_calls_can_be_made_so(page: Path) -> None:
    wrong = [code for code in CODE.findall(page.read_text()) if not is_sound(code)]
    assert wrong == []


@pytest.mark.parametrize(
    "code", ["orders.creates()", "kit.explian(Order, id)", "api.authenticated()", "assert_just()", ".destroy(id)"]
)
def test_a_call_that_cannot_be_made_is_noticed(code: str) -> None:
    assert not is_sound(code)


def is_sound(code: str) -> bool:
    """Whether each call in a piece of code is of something that is there, and takes these arguments."""
    source = code.removeprefix("with ").removesuffix(":").removeprefix("await ")
    source = f"resource{source}" if source.startswith(".") else source
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return "(" not in code
    return all(is_sound_call(node, code) for node in ast.walk(tree) if isinstance(node, ast.Call))


def is_sound_call(call: ast.Call, code: str) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in OTHERS:
        return True
    owner = getattr(call.func, "value", None)
    of = OWNERS.get(getattr(owner, "id", "")) or (Resource if owner is not None else None)
    found = [getattr(each, name) for each in ([of] if of else [*OWNERS.values(), Resource]) if hasattr(each, name)]
    found += [getattr(kailash_testkit, name)] if of is None and hasattr(kailash_testkit, name) else []
    return any("..." in code or takes(each, call) for each in found)


def takes(function: object, call: ast.Call) -> bool:
    assert callable(function)
    keywords = {keyword.arg: None for keyword in call.keywords if keyword.arg}
    try:
        inspect.signature(function).bind(None, *call.args, **keywords)
    except TypeError:
        return False
    return True
