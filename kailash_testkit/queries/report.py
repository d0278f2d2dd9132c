"""Statements in words: grouped, with repeats marked, the commonest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kailash_testkit.queries.places import telling_line
from kailash_testkit.queries.statement import Statement
from kailash_testkit.text import some

_LONGEST = 160
_MOST_GROUPS = 10


@dataclass(frozen=True)
class Group:
    """Statements of the same shape, which the same node ran."""

    statements: Sequence[Statement]

    @property
    def first(self) -> Statement:
        """The first of them."""
        return self.statements[0]

    @property
    def number_of_values(self) -> int:
        """With how many different sets of values it ran."""
        return len({each.values_id for each in self.statements})

    @property
    def repeats(self) -> str:
        """What a reader should notice about the number of times; empty for one."""
        times, values = len(self.statements), self.number_of_values
        if times == 1:
            return ""
        if values == 1:
            return "the same each time"
        return "other values each time" if values == times else f"{values} different values"


def grouped(statements: Sequence[Statement]) -> list[Group]:
    """The groups: what ran most often first, else in the order of their first statement."""
    groups: dict[tuple[str, str | None], list[Statement]] = {}
    for each in statements:
        groups.setdefault((each.text, each.node), []).append(each)
    return sorted((Group(each) for each in groups.values()), key=lambda group: -len(group.statements))


def described(statements: Sequence[Statement]) -> list[str]:
    """Two lines for each group: how often, by what, for what; then the statement."""
    groups = grouped(statements)
    lines = [line for group in groups[:_MOST_GROUPS] for line in _lines(group, groups)]
    hidden = groups[_MOST_GROUPS:]
    if hidden:
        lines.append(f"... and {some(sum(len(each.statements) for each in hidden), 'more statement')}")
    return lines


def _lines(group: Group, groups: Sequence[Group]) -> list[str]:
    first = group.first
    by = first.node or first.model or first.table or first.operation
    parts = [f"{len(group.statements)} x {by}", group.repeats, _rows(group), _requests(group)]
    head = ", ".join(filter(None, parts))
    others = (other.first.site for other in groups if other is not group)
    at = telling_line(first.site, others, is_repeated=len(group.statements) > 1)
    return [f"{head}, at {at}" if at else head, f"  {cut(first.text)}"]


def _rows(group: Group) -> str:
    known = [each.rows for each in group.statements if each.rows is not None]
    if not known:
        return ""
    was_cut = " (cut by the default limit)" if any(each.limit_cut for each in group.statements) else ""
    return f"{some(sum(known), 'row')}{was_cut}"


def _requests(group: Group) -> str:
    requests = list(dict.fromkeys(each.request for each in group.statements))
    if requests == [None]:
        return ""
    first = next(each for each in requests if each is not None)
    return first.line() if len(requests) == 1 else f"{first.line()} and {len(requests) - 1} more"


def cut(text: str) -> str:
    """A statement for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
