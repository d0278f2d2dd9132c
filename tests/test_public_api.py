"""The public names and signatures are those of ``public_api.txt``; a change of them is one that users notice.

To update it: ``make api``, which runs this module with KAILASH_TESTKIT_UPDATE_API=1. Then say so in CHANGELOG.md.
"""

from __future__ import annotations

import difflib
import enum
import functools
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

import pytest

import kailash_testkit
from kailash_testkit.pytest_plugin import pytest_addoption

SNAPSHOT: Final = Path(__file__).with_name("public_api.txt")
MODULES: Final = ("kailash_testkit", "kailash_testkit.factories.typed")


def names_of(module: ModuleType) -> Iterator[str]:
    """What a module exports, a line for each name and each public member of a class."""
    for name in sorted(module.__all__):
        found = getattr(module, name)
        if inspect.isclass(found):
            yield from _class(name, found)
        else:
            yield f"{name}{_signature(found) if inspect.isfunction(found) else ''}"


def _class(name: str, found: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in found.__bases__ if base is not object)
    yield f"class {name}({bases})" if bases else f"class {name}"
    if issubclass(found, enum.Enum):
        yield from (f"  {member.name} = {member.value!r}" for member in found)
        return
    members: dict[str, str] = {}
    for base in reversed(found.__mro__):
        if base is found or (base.__module__.startswith("kailash_testkit") and base not in exported()):
            members |= dict(_members(base))
    yield from (f"  {key}{text}" for key, text in sorted(members.items()))


@functools.cache
def exported() -> list[object]:
    """All that the public modules export: what a class inherits from another is not listed again."""
    return [getattr(module, name) for module in map(importlib.import_module, MODULES) for name in module.__all__]


def _members(base: type) -> Iterator[tuple[str, str]]:
    annotations = inspect.get_annotations(base)
    for key, member in {**annotations, **vars(base)}.items():
        if key.startswith("_") and (key != "__init__" or Protocol in base.__mro__):
            continue
        if key in annotations:
            kind = annotations[key]
            yield key, f": {kind.__name__ if isinstance(kind, type) else kind}"
        else:
            yield key, _member(member)


def _member(member: object) -> str:
    if isinstance(member, (classmethod, staticmethod)):
        return f"{_signature(member.__func__)}  [{type(member).__name__}]"
    if isinstance(member, property):
        return f": {inspect.signature(member.fget).return_annotation}  [property]" if member.fget else ""
    if callable(member):
        return _signature(member)
    return ""


def _signature(found: Any) -> str:
    return re.sub(r" at 0x\w+", "", str(inspect.signature(found))).replace("'", "")


class Declared:
    """Notes what the plugin declares, in place of pytest's parser."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def addini(self, name: str, help: str, **details: object) -> None:  # noqa: A002 - as pytest calls it
        self.lines.append(f"ini {name}{_shown(details)}")

    def addoption(self, *names: str, **details: object) -> None:
        self.lines.append(f"option {' '.join(names)}{_shown(details)}")

    def getgroup(self, *_: object, **__: object) -> Declared:
        return self


def _shown(details: dict[str, object]) -> str:
    told = {key: getattr(value, "__name__", repr(value)) for key, value in details.items() if key != "help"}
    return "".join(f" {key}={value}" for key, value in sorted(told.items()))


def plugin(folder: Path) -> Iterator[str]:
    """The plugin's fixtures, as pytest lists them, its options and its ini settings."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:schemathesis",
        "--fixtures",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60).stdout
    fixtures = re.findall(r"^(\w+)(?: \[(\w+) scope\])? -- .*kailash_testkit/pytest_plugin/", listed, re.MULTILINE)
    assert fixtures, listed
    yield from sorted(f"fixture {name}: {scope or 'function'} scope" for name, scope in fixtures)
    declared = Declared()
    pytest_addoption(declared)  # type: ignore[arg-type]
    yield from sorted(declared.lines)


def public_api(folder: Path) -> str:
    """All that users may rely on, as text."""
    lines: list[str] = []
    for name in MODULES:
        lines += [f"# {name}", *names_of(importlib.import_module(name)), ""]
    lines += ["# the pytest plugin", *plugin(folder), "", "# entry points"]
    points = distribution("kailash-testkit").entry_points
    lines += sorted(f"{point.group}: {point.name} = {point.value}" for point in points)
    return "\n".join(lines) + "\n"


def test_the_public_api_is_as_it_was(tmp_path: Path) -> None:
    found = public_api(tmp_path)
    if os.environ.get("KAILASH_TESTKIT_UPDATE_API"):
        SNAPSHOT.write_text(found, "utf-8")
    known = SNAPSHOT.read_text("utf-8")
    changed = difflib.unified_diff(known.splitlines(), found.splitlines(), SNAPSHOT.name, "now", lineterm="", n=1)
    assert found == known, "\n".join(["the public API changed; if that is meant, run: make api", *changed])


def test_each_public_name_is_stated_once_and_in_the_one_form() -> None:
    """Other lines would be seen by type checkers, and not when the program runs."""
    stub = Path(kailash_testkit.__file__).with_suffix(".pyi").read_text("utf-8")
    lines = [line for line in stub.splitlines() if line and not line.startswith("#")]
    names = [line.rpartition(" ")[2] for line in lines]
    assert names == kailash_testkit.__all__
    assert len(names) == len(set(names))


def test_every_error_of_the_kit_is_public() -> None:
    errors = importlib.import_module("kailash_testkit.errors")
    declared = {
        name for name, found in vars(errors).items() if inspect.isclass(found) and found.__module__ == errors.__name__
    }
    assert declared <= set(kailash_testkit.__all__)
    assert "ServerUnavailable" in declared


def test_names_are_loaded_on_demand_and_others_are_refused() -> None:
    assert dir(kailash_testkit) == sorted(kailash_testkit.__all__)
    with pytest.raises(AttributeError, match="module 'kailash_testkit' has no attribute 'Kitt'"):
        _ = kailash_testkit.Kitt  # type: ignore[attr-defined]
