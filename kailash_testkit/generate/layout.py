"""Lines of the right length, as ruff's formatter lays them out.

What does not fit is spread over lines with a trailing comma, which a formatter leaves alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

INDENT = "    "


@dataclass(frozen=True)
class Type:
    """A type in source code: a name, ``head[args]``, or a union (``head`` is ``|``)."""

    head: str
    args: tuple[Type, ...] = ()

    def __str__(self) -> str:
        if self.head == "|":
            return " | ".join(map(str, self.args))
        return f"{self.head}[{', '.join(map(str, self.args))}]" if self.args else self.head


def union(*members: Type) -> Type:
    """The union of types, each of them once."""
    flat = [one for member in members for one in (member.args if member.head == "|" else (member,))]
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Type("|", unique)


def assigned(start: str, value: Type, union_name: str, line_length: int, *, depth: int = 0) -> list[str]:
    """``start`` and the type, on one line or spread. union_name: what the module calls `typing.Union`."""
    line = f"{INDENT * depth}{start}{value}"
    if len(line) <= line_length or len(value.args) < 2:
        return [line]
    head = union_name if value.head == "|" else value.head
    lines = [f"{INDENT * depth}{start}{head}["]
    for argument in value.args:
        *inner, last = assigned("", argument, union_name, line_length - 1, depth=depth + 1)
        lines += [*inner, f"{last},"]
    return [*lines, f"{INDENT * depth}]"]


def call(start: str, arguments: Sequence[str], end: str, line_length: int, *, depth: int = 0) -> list[str]:
    """``start(arguments)end`` on one line, or one argument per line."""
    indent = INDENT * depth
    line = f"{indent}{start}({', '.join(arguments)}){end}"
    if len(line) <= line_length:
        return [line]
    return [f"{indent}{start}(", *(f"{indent}{INDENT}{each}," for each in arguments), f"{indent}){end}"]


def value(start: str, expression: str, line_length: int) -> list[str]:
    """``start`` and an expression that cannot be spread, in parentheses when it does not fit."""
    line = f"{start}{expression}"
    return [line] if len(line) <= line_length else [f"{start}(", f"{INDENT}{expression}", ")"]


def docstring(paragraphs: Iterable[str], line_length: int) -> str:
    """A module's docstring of several paragraphs; lines of one that begin with ``- `` are items of a list."""
    blocks: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines: list[str] = []
        for line in paragraph.splitlines():
            hanging = "  " if line.startswith("- ") else ""
            opening = '"""' if number == 0 and not lines else ""
            wrapped = textwrap.wrap(
                opening + line,
                line_length,
                subsequent_indent=hanging,
                break_on_hyphens=False,
                break_long_words=False,
            )
            lines += wrapped
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + '\n"""'
