"""The write coverage of one test, and of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, TypedDict

from kailash_testkit.changes.net import Change
from kailash_testkit.text import some
from kailash_testkit.write_coverage.written import Writing

ROW: Final = ""
"""In place of a column: the row itself."""


class Cell(TypedDict):
    """What a test's requests wrote to one column of a model by one kind of change. column: `ROW` for the row itself.

    written: how often. looked: how often the test looked at it. in_own_answer: how often only in the answer of the
    request that wrote it.
    """

    model: str
    kind: str
    column: str
    written: int
    looked: int
    in_own_answer: int


class Request(TypedDict):
    """One request that wrote. changed: in words. is_checked: the test looked at something of it."""

    route: str
    changed: str
    is_checked: bool


class OfTest(TypedDict):
    """The write coverage of one test.

    test: its node id. models: all that are registered. outside: how many changes no request made.
    """

    test: str
    cells: list[Cell]
    requests: list[Request]
    models: list[str]
    outside: int


def of_test(test: str, found: Sequence[Writing], models: Iterable[str], outside: int) -> OfTest:
    """Adds up what was written and looked at in a test."""
    cells: dict[tuple[str, str, str], Cell] = {}
    requests: list[Request] = []
    for writing in found:
        for item in writing.items:
            key = (item.model, item.kind, item.column or ROW)
            cell = cells.setdefault(
                key, Cell(model=key[0], kind=key[1], column=key[2], written=0, looked=0, in_own_answer=0)
            )
            cell["written"] += 1
            cell["looked"] += item.looked
            cell["in_own_answer"] += item.in_own_answer and not item.looked
        is_checked = any(item.looked or (item.in_own_answer and item.column) for item in writing.items)
        requests.append(Request(route=writing.route, changed=_changed(writing.changes), is_checked=is_checked))
    return OfTest(test=test, cells=[*cells.values()], requests=requests, models=sorted(models), outside=outside)


def _changed(changes: Sequence[Change]) -> str:
    """``created 1 Order, 3 OrderLines``."""
    counts: dict[tuple[str, str], int] = {}
    for change in changes:
        counts[change.kind, change.model] = counts.get((change.kind, change.model), 0) + 1
    return ", ".join(f"{kind} {some(number, model)}" for (kind, model), number in counts.items())


@dataclass
class Column:
    """One column, as one kind of change wrote it in a run; or the rows themselves (`ROW`)."""

    model: str
    kind: str
    name: str
    written: int = 0
    looked: int = 0
    in_own_answer: int = 0
    tests: list[str] = field(default_factory=list[str])

    @property
    def is_covered(self) -> bool:
        """Whether any test looked at it."""
        return self.looked > 0 or self.in_own_answer > 0


@dataclass
class Route:
    """A route whose requests wrote. unchecked: the tests in which nobody looked at what one of them changed."""

    route: str
    changed: str
    requests: int = 0
    unchecked: list[str] = field(default_factory=list[str])


class WriteCoverage:
    """Of a run.

    columns: what was written. never_written: models. omit: what is left out, ``Model`` or ``Model.column``, with ``*``.
    unused_omits: those that leave nothing out; they may be misspelt.
    """

    def __init__(self, tests: Iterable[OfTest], omit: Sequence[str] = ()) -> None:
        columns: dict[tuple[str, str, str], Column] = {}
        routes: dict[str, Route] = {}
        models: dict[str, None] = {}
        self.outside = 0
        used: set[str] = set()
        self.tests = 0
        for test in tests:
            self.tests += 1
            self.outside += test["outside"]
            models |= dict.fromkeys(test["models"])
            for cell in test["cells"]:
                matching = _matching(_names(cell), omit)
                used |= matching
                if not matching:
                    key = (cell["model"], cell["kind"], cell["column"])
                    _add(columns.setdefault(key, Column(*key)), cell, test["test"])
            for request in test["requests"]:
                route = routes.setdefault(request["route"], Route(request["route"], request["changed"]))
                route.requests += 1
                if not request["is_checked"]:
                    route.changed = request["changed"]
                    route.unchecked.append(test["test"])
        self.columns = [columns[key] for key in sorted(columns)]
        self.routes = [routes[key] for key in sorted(routes)]
        written = {column.model for column in self.columns}
        self.never_written = sorted(name for name in models if name not in written and not _matching([name], omit))
        used |= _matching(models, omit)
        self.unused_omits = [each for each in omit if each not in used]

    @property
    def counted(self) -> list[Column]:
        """What the percentage is of: columns, and rows where no column tells of them."""
        told = {(each.model, each.kind) for each in self.columns if each.name != ROW}
        return [each for each in self.columns if each.name != ROW or (each.model, each.kind) not in told]

    @property
    def percent(self) -> float:
        """How much of what was written any test looked at; 100 where nothing was written."""
        counted = self.counted
        return 100.0 * sum(each.is_covered for each in counted) / len(counted) if counted else 100.0


def _add(column: Column, cell: Cell, test: str) -> None:
    column.written += cell["written"]
    column.looked += cell["looked"]
    column.in_own_answer += cell["in_own_answer"]
    column.tests.append(test)


def _names(cell: Cell) -> list[str]:
    return [cell["model"], f"{cell['model']}.{cell['column']}"] if cell["column"] else [cell["model"]]


def _matching(names: Iterable[str], omit: Sequence[str]) -> set[str]:
    """The patterns that one of the names is of."""
    return {each for each in omit if any(fnmatchcase(name, each) for name in names)}
