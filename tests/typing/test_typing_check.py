"""The runner of the typing corpus notices what is judged otherwise than stated (`make types` runs it)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def load() -> Any:
    spec = importlib.util.spec_from_file_location("typing_corpus_check", HERE / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check = load()
ACCEPTED = "orders.create(note='a')  # accepted"
REFUSED = "orders.create(noet='a')  # refused: unknown-argument noet"
MYPY = check.Finding("mypy", "corpus.py", 1, "call-arg", 'Unexpected keyword argument "noet"')
PYRIGHT = check.Finding("pyright", "corpus.py", 1, "reportCallIssue", 'No parameter named "noet"')


def other(finding: Any, **changes: Any) -> Any:
    return check.Finding(**{**vars(finding), **changes})


@pytest.mark.parametrize(
    ("line", "findings"),
    [
        (ACCEPTED, []),
        (REFUSED, [MYPY, PYRIGHT]),
        (REFUSED, [MYPY, PYRIGHT, other(PYRIGHT, code="reportUnknownMemberType")]),
    ],
)
def test_what_is_judged_as_stated_is_no_problem(line: str, findings: list[Any]) -> None:
    assert check.problems(check.snippets(line), findings) == []


@pytest.mark.parametrize(
    ("line", "findings", "words"),
    [
        (ACCEPTED, [MYPY], "must be accepted; mypy: Unexpected"),
        (REFUSED, [MYPY], "pyright accepts it"),
        (REFUSED, [], "mypy accepts it"),
        (REFUSED, [other(MYPY, code="arg-type"), PYRIGHT], "must be refused for unknown-argument noet; mypy"),
        (REFUSED, [MYPY, other(PYRIGHT, message="something else")], "must be refused for unknown-argument noet"),
        (REFUSED, [MYPY, PYRIGHT, other(MYPY, code="misc")], "[misc]"),
        (REFUSED, [MYPY, PYRIGHT, other(MYPY, line=2)], "line 2: states nothing"),
    ],
)
def test_what_is_judged_otherwise_is_a_problem(line: str, findings: list[Any], words: str) -> None:
    assert any(words in problem for problem in check.problems(check.snippets(line), findings))


def test_the_corpus_is_large_and_states_only_known_rules() -> None:
    found = check.snippets((HERE / "project/corpus.py").read_text())
    assert len(found) >= check.LEAST_SNIPPETS
    assert {snippet.rule for snippet in found} - {None} == set(check.RULES)
    assert sum(snippet.rule is not None for snippet in found) > 80
