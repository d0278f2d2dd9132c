"""The section of the kit in the report of a failed test, and the same as JSON: ``--testkit-report=PATH``."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Final, cast

import pytest

from kailash_testkit import open_kits
from kailash_testkit.pytest_plugin.failure_facts import Facts, RequestFacts, collected
from kailash_testkit.pytest_plugin.session import Session

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

TITLE: Final = "kailash-testkit"
_HOST: Final = "http://testserver"
_FAILED_NODES: Final = 3
_OBSERVED: Final = 5


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    parser.getgroup("kailash-testkit").addoption(
        "--testkit-report",
        metavar="PATH",
        help="write what is known of each failed test (changes, requests, database, seed) into a JSON file",
    )


class FailureReport:
    """A plugin: adds the section, and writes the file on the controller, also under pytest-xdist."""

    def __init__(self, session: Session, config: pytest.Config) -> None:
        self._session = session
        path: str | None = config.getoption("testkit_report")
        is_worker = hasattr(config, "workerinput")
        self._path = None if path is None or is_worker else config.invocation_params.dir / path
        self._failures: list[Facts] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        for kit in _kits():
            kit.explainer.forget()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and report.when != "teardown":  # after that the rows are gone
            facts = collected(item, call, _kits(), self._session)
            if facts is not None:
                report.sections.append((TITLE, text(facts)))
                vars(report)["testkit"] = facts  # pytest-xdist sends what a report has
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts: Facts | None = getattr(report, "testkit", None)
        if facts is not None:
            self._failures.append(facts)

    def pytest_sessionfinish(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            written = {"version": 1, "failures": self._failures}
            with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o600)  # it may have been there
                file.write(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


def _kits() -> list[Kit]:
    return cast("list[Kit]", open_kits.kits())


def text(facts: Facts) -> str:
    """The section: short, since it stands below the failure itself."""
    lines = _changes(facts) + _requests(facts["requests"], facts["more_requests"])
    if facts["failed_nodes"]:
        lines += ["nodes that failed:", *(f"  {line}" for line in facts["failed_nodes"][-_FAILED_NODES:])]
    if facts["observed"]:
        lines += ["observed:", *(f"  {line}" for line in facts["observed"][:_OBSERVED])]
        more = len(facts["observed"]) - _OBSERVED
        lines += [f"  ... and {more} more"] if more > 0 else []
    if facts["trouble"]:
        lines.append(f"not known: {facts['trouble']}")
    if facts["database"]:
        lines.append(f"database: {facts['database']}")
    return "\n".join([*lines, f"replay:   {facts['replay']}"])


def _changes(facts: Facts) -> list[str]:
    lines = [f"  {line}" for line in facts["changes"]]
    if not lines:
        return ["the test changed no rows"]
    more = [f"  ... and {facts['more_changes']} more rows"] if facts["more_changes"] else []
    return ["changed by the test:", *lines, *more]


def _requests(requests: list[RequestFacts], more: int) -> list[str]:
    if not requests:
        return []
    shown = [request["request"].replace(_HOST, "", 1) for request in requests]
    width = max(map(len, shown))
    last = f"the last {len(requests)} of {len(requests) + more} requests:" if more else "requests:"
    return [last, *(f"  {line:<{width}}  {_end(one)}" for line, one in zip(shown, requests, strict=True))]


def _end(request: RequestFacts) -> str:
    status = str(request["status"] or request["failure"] or "not answered yet")
    seconds = "" if request["seconds"] is None else f"{request['seconds'] * 1000:6.0f} ms"
    rows = {None: "", 0: "changed nothing", 1: "changed 1 row"}.get(request["rows"], f"changed {request['rows']} rows")
    beside = f", with {request['at_the_same_time']} others at the same time" if request["at_the_same_time"] else ""
    return f"{status:<5} {seconds}  {rows}{beside}".rstrip()
