"""Runs mypy --strict and pyright (strict) once over ``project`` and compares with what its lines state.

    python tests/typing/check.py

Every line of ``corpus.py`` that ends in ``# accepted`` must have no error in either checker; one that ends in
``# refused: rule word`` must have an error of that rule in both, with the word in the message, and none for
another reason. The project's other modules, which are those of a user, must be clean.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent / "project"
CORPUS = PROJECT / "corpus.py"
LEAST_SNIPPETS = 120

RULES: dict[str, tuple[str, str]] = {
    "unknown-argument": ("call-arg", "reportCallIssue"),
    "wrong-argument": ("arg-type", "reportArgumentType"),
    "too-many": ("call-arg arg-type", "reportCallIssue"),
    "missing": ("call-arg", "reportCallIssue"),
    "wrong-item": ("list-item", "reportArgumentType"),
    "unknown-key": ("typeddict-unknown-key", "reportArgumentType"),
    "unknown-key-set": ("typeddict-unknown-key", "reportGeneralTypeIssues"),
    "wrong-value": ("typeddict-item", "reportArgumentType"),
    "unknown-attribute": ("attr-defined", "reportAttributeAccessIssue"),
    "optional-attribute": ("union-attr", "reportOptionalMemberAccess"),
    "wrong-index": ("arg-type index", "reportArgumentType"),
    "read-only": ("misc", "reportAttributeAccessIssue"),
    "wrong-operation": ("operator", "reportOperatorIssue"),
    "wrong-assignment": ("assignment", "reportAssignmentType reportAttributeAccessIssue"),
    "wrong-type": ("assert-type", "reportAssertTypeFailure"),
    "not-iterable": ("attr-defined", "reportGeneralTypeIssues"),
}
"""For each rule that a line may state: the codes by which mypy and pyright report it."""

CONSEQUENCES = ("reportUnknown", "reportUnusedExpression", "reportUnusedCoroutine", "reportUnusedCallResult")
"""Rules of pyright that may follow from another error on the line, or from its being a snippet."""

_STATEMENT = re.compile(r"  # (?:(?P<accepted>accepted)|refused: (?P<rule>[\w-]+) (?P<word>\S+))$")


@dataclass(frozen=True)
class Snippet:
    """One line and what it states; ``rule`` is None when it must be accepted."""

    line: int
    code: str
    rule: str | None
    word: str


@dataclass(frozen=True)
class Finding:
    """One error of a checker."""

    checker: str
    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.checker}: {self.message} [{self.code}]"


def snippets(text: str) -> list[Snippet]:
    """The snippets of a corpus."""
    found: list[Snippet] = []
    for number, line in enumerate(text.splitlines(), 1):
        statement = _STATEMENT.search(line)
        if statement is not None:
            found.append(Snippet(number, line[: statement.start()].strip(), statement["rule"], statement["word"] or ""))
    return found


def problems(stated: Iterable[Snippet], findings: Iterable[Finding]) -> list[str]:
    """What the checkers report otherwise than stated; errors on lines that state nothing included."""
    by_line: dict[int, list[Finding]] = {}
    for finding in findings:
        if not finding.code.startswith(CONSEQUENCES):
            by_line.setdefault(finding.line, []).append(finding)
    wrong: list[str] = []
    for snippet in stated:
        here = by_line.pop(snippet.line, [])
        for checker in ("mypy", "pyright"):
            found = [finding for finding in here if finding.checker == checker]
            wrong += [
                f"line {snippet.line}: {snippet.code}\n    {problem}" for problem in judged(snippet, checker, found)
            ]
    return wrong + [f"line {line}: states nothing\n    {each}" for line, found in by_line.items() for each in found]


def judged(snippet: Snippet, checker: str, found: list[Finding]) -> list[str]:
    """What is wrong with one checker's errors on one line."""
    if snippet.rule is None:
        return [f"must be accepted; {finding}" for finding in found]
    codes = RULES[snippet.rule][0 if checker == "mypy" else 1].split()
    if not found:
        return [f"must be refused ({snippet.rule}); {checker} accepts it"]
    return [
        f"must be refused for {snippet.rule} {snippet.word}; {finding}"
        for finding in found
        if finding.code not in codes or snippet.word.lower() not in finding.message.lower()
    ]


# --- the checkers ------------------------------------------------------------------------------------


def mypy() -> list[Finding]:
    """mypy's errors in the project."""
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", "."]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"mypy did not run:\n{done.stdout}{done.stderr}")
    reported: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        Finding("mypy", each["file"], each["line"], each["code"] or "", each["message"])
        for each in reported
        if each["severity"] == "error"
    ]


def pyright() -> list[Finding]:
    """Pyright's errors in the project."""
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    try:
        reported: list[dict[str, Any]] = json.loads(done.stdout)["generalDiagnostics"]
    except ValueError:
        raise SystemExit(f"pyright did not run:\n{done.stdout}{done.stderr}") from None
    return [finding_of(each) for each in reported if each["severity"] == "error"]


def finding_of(reported: Mapping[str, Any]) -> Finding:
    """A `Finding` from pyright's JSON."""
    file = Path(reported["file"]).relative_to(PROJECT.resolve())
    line: int = reported["range"]["start"]["line"] + 1
    return Finding("pyright", str(file), line, reported.get("rule", ""), reported["message"])


def main() -> int:
    """Prints what differs, or a line that says that nothing does."""
    stated = snippets(CORPUS.read_text())
    if len(stated) < LEAST_SNIPPETS:
        raise SystemExit(f"only {len(stated)} snippets were found in {CORPUS}")
    findings = [*mypy(), *pyright()]
    wrong = [
        f"{finding.file}:{finding.line}: must be clean\n    {finding}"
        for finding in findings
        if finding.file != CORPUS.name
    ]
    wrong += problems(stated, [finding for finding in findings if finding.file == CORPUS.name])
    print("\n".join(wrong) or f"{len(stated)} snippets are judged as stated by mypy and pyright; the rest is clean")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
