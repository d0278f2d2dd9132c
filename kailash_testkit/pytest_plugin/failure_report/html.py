"""``--testkit-html=PATH``: a page with every test of a session. Needs the extra ``html``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import Final

from kailash_testkit.judge.findings import Finding, Key
from kailash_testkit.pages import rendered
from kailash_testkit.pytest_plugin.failure_report.facts import Facts, RequestFacts, RowFacts
from kailash_testkit.pytest_plugin.failure_report.results import Result
from kailash_testkit.pytest_plugin.failure_report.section import TEST_HOST

_FOLDER: Final = Path(__file__).with_name("page")
_GROUPS: Final = (
    ("Failed", ("failed", "error")),
    ("Skipped and expected to fail", ("skipped", "xfailed", "xpassed")),
    ("Passed", ("passed",)),
)


def page(results: Sequence[Result], findings: Mapping[Key, Sequence[Finding]]) -> str:
    """The whole page. findings: of the judge, those that are the same together."""
    return rendered(
        _FOLDER / "page.html",
        _FOLDER / "script.js",
        counts=Counter(result.outcome for result in results),
        seconds=sum(result.seconds for result in results),
        findings=[*findings.values()],
        groups=[(title, [_View(result) for result in found]) for title, found in _grouped(results) if found],
    )


def _grouped(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    for title, outcomes in _GROUPS:
        yield title, [result for result in results if result.outcome in outcomes]


@dataclass
class _Step:
    """One step of a test's timeline: a request, or rows that were written between requests. by: who wrote these."""

    request: RequestFacts | None = None
    by: str = ""
    rows: list[RowFacts] = field(default_factory=list[RowFacts])
    more: int = 0

    def counts(self) -> str:
        """How many rows of each kind and model: ``created 1 Customer, 3 Order``."""
        found = Counter((row["kind"], row["model"]) for row in self.rows)
        kinds = {
            kind: [f"{number} {model}" for (of, model), number in found.items() if of == kind] for kind, _ in found
        }
        more = [f"and {self.more} more"] if self.more else []
        return "; ".join([*(f"{kind} {', '.join(models)}" for kind, models in kinds.items()), *more])


class _View:
    """A test as the template shows it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.facts = result.facts
        self.file, _, self.name = result.nodeid.partition("::")
        self.is_failed = result.outcome in ("failed", "error")
        self.steps = [] if result.facts is None else _steps(result.facts)
        headline, *message = self._error().splitlines() or [""]
        self.message = [*dropwhile(lambda line: not line.strip(), message)]
        self.kind, _, self.headline = headline.partition(": ")

    def _error(self) -> str:
        return self.facts["error"] if self.facts is not None and self.is_failed else ""

    def class_of(self, line: str) -> str:
        """How a line of the message is shown: what the kit's errors say of the reason and the cure stands out."""
        return {"why:": "why", "do:": "do", "see:": "see"}.get(line.strip().partition(" ")[0], "")

    def target(self, request: RequestFacts) -> tuple[str, str]:
        """The request's method and URL; of a request to the application under test without the host."""
        method, _, url = request["request"].partition(" ")
        return method, url.removeprefix(TEST_HOST)

    def is_update(self, row: RowFacts) -> bool:
        """Whether it has values before and after."""
        return any(column["before"] is not None and column["after"] is not None for column in row["columns"])

    def number_of_rows(self) -> int:
        """How many rows requests changed, as far as that is known."""
        return sum(each["rows"] or 0 for each in self.facts["requests"]) if self.facts is not None else 0


def _steps(facts: Facts) -> list[_Step]:
    """In the order in which they happened, as far as that is known."""
    by_whom = "Outside of requests" if facts["outside_is_certain"] else "By whom is not known"
    groups = (("Seeded by the test", facts["seeded"]), (by_whom, facts["outside"]))
    placed: list[tuple[int, int, _Step]] = [
        (request["number"], 0, _Step(request, rows=request["changed"]["rows"], more=request["changed"]["more"]))
        for request in facts["requests"]
    ]
    for order, (by, rows) in enumerate(groups, 1):
        of_place: dict[int, _Step] = {}
        for row in rows["rows"]:
            of_place.setdefault(row["after_request"], _Step(by=by)).rows.append(row)
        if of_place:
            of_place[max(of_place)].more = rows["more"]
        placed += [(number, order, step) for number, step in of_place.items()]
    return [step for _, _, step in sorted(placed, key=lambda each: each[:2])]
