"""The texts of the errors that Kailash and DataFlow report for a node, whose node it was, and for whom it ran."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final

from kailash_testkit.redaction import redact

RUNS_FOR_KIT: Final[ContextVar[bool]] = ContextVar("kailash_testkit_runs_a_node", default=False)
"""Whether a node is the kit's own, and not the application's."""

MAKES_TABLES: Final[ContextVar[bool]] = ContextVar("kailash_testkit_makes_tables", default=False)
"""Whether the kit lets DataFlow make tables, for which it runs nodes of its own."""

NODE_ID: Final = "node"
"""The id of the node in the kit's workflows, each of which has one."""

_WRAPPINGS: Final = (
    "Bulk create operation failed: ",
    "Database query failed: ",
    f"Node '{NODE_ID}' execution failed: ",
    f"Failed to add node '{NODE_ID}' to workflow: ",
    f"Failed to initialize node '{NODE_ID}': ",
    "NodeExecutionError: ",
)
_NUMBERED: Final = re.compile(r"""\(\d+, (['"])(?P<words>.*)\1\)""")  # as PyMySQL's errors print


def reason_of(text: str, known: Iterable[str] = ()) -> str:
    """The one line of a DataFlow error text that says what went wrong. known: secrets that it may repeat."""
    lines = [line.strip() for line in redact(text, known).splitlines() if line.strip()]
    reason = _telling(lines) if lines else "no reason given"
    while reason.startswith(_WRAPPINGS):
        for wrapping in _WRAPPINGS:
            reason = reason.removeprefix(wrapping)
    numbered = _NUMBERED.fullmatch(reason)
    return numbered["words"] if numbered else reason


def _telling(lines: list[str]) -> str:
    context = dict(line.removeprefix("- ").split(": ", 1) for line in lines if line.startswith("- ") and ": " in line)
    if "exception_message" in context:
        return context["exception_message"].strip()
    for number, line in enumerate(lines):
        if "Original Error" in line and number + 1 < len(lines):
            return lines[number + 1]
    if "MISSING_PARAMETER" in lines[0] and "field_name" in context:
        return f"no value for the required field {context['field_name']}"
    return lines[0]
