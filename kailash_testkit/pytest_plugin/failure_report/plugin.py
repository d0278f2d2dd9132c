"""The hooks: adds the section and the properties, and writes the files on the controller, also under pytest-xdist."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pytest

from kailash_testkit import open_kits
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.pages import require_jinja
from kailash_testkit.pytest_plugin.failure_report.collecting import collected
from kailash_testkit.pytest_plugin.failure_report.facts import Facts
from kailash_testkit.pytest_plugin.failure_report.files import write_private
from kailash_testkit.pytest_plugin.failure_report.json_file import json_text
from kailash_testkit.pytest_plugin.failure_report.properties import properties
from kailash_testkit.pytest_plugin.failure_report.results import Results
from kailash_testkit.pytest_plugin.failure_report.section import TITLE, section
from kailash_testkit.pytest_plugin.judging.plugin import Judging
from kailash_testkit.pytest_plugin.judging.summary import grouped
from kailash_testkit.pytest_plugin.waiting import waited_for

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

_JSON: Final = "testkit_report"
_HTML: Final = "testkit_html"


def add_options(parser: pytest.Parser) -> None:
    """Declares the options."""
    group = parser.getgroup("kailash-testkit")
    group.addoption(
        "--testkit-report",
        metavar="PATH",
        help="write what is known of each failed test (changes, requests, database, seed) into a JSON file",
    )
    group.addoption(
        "--testkit-html",
        metavar="PATH",
        help="write a page with each test's requests, and the rows that they changed, into an HTML file",
    )


class FailureReport:
    """A plugin: what is known of a test goes from the worker to the controller with pytest's own report."""

    def __init__(self, config: pytest.Config, judging: Judging) -> None:
        self._judging = judging
        self._verbose = config.get_verbosity() > 0
        self._wants_all: bool = config.getoption(_HTML) is not None
        is_worker = hasattr(config, "workerinput")
        self._json = None if is_worker else _path(config, _JSON)
        self._html = None if is_worker else _path(config, _HTML)
        self._results = Results(keep_passed=self._html is not None)
        if self._html is not None:
            try:
                require_jinja("--testkit-html")
            except ConfigurationError as error:
                raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        for kit in _kits():
            kit.explainer.forget()
            kit.store.own_writes.go_back()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "teardown":  # the rows are gone
            return report
        facts = collected(item, call, _kits()) if report.failed or (self._wants_all and report.when == "call") else None
        if facts is not None:
            vars(report)["testkit"] = facts  # pytest-xdist sends what a report has
        if facts is not None and report.failed:
            report.sections.append((TITLE, section(facts, verbose=self._verbose)))
            item.user_properties.extend(properties(facts))
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts: Facts | None = getattr(report, "testkit", None)
        self._results.add(report, facts)
        waits = waited_for(report)
        if waits:
            self._add_waits(report.nodeid, waits)

    def _add_waits(self, nodeid: str, waits: Sequence[str]) -> None:
        """What a test was waited for is known only once its report is made: the section is written again."""
        found = self._results.failed_report(nodeid)
        if found is not None:
            report, facts = found
            facts["waited"] += waits
            text = section(facts, verbose=self._verbose)
            report.sections = [(title, text if title == TITLE else old) for title, old in report.sections]

    def pytest_sessionfinish(self) -> None:
        findings = self._judging.findings
        if self._json is not None:
            write_private(self._json, json_text(self._results.failures(), findings))
        if self._html is not None:
            from kailash_testkit.pytest_plugin.failure_report.html import page

            write_private(self._html, page(self._results.all(), grouped(findings)))


def _path(config: pytest.Config, option: str) -> Path | None:
    given: str | None = config.getoption(option)
    return None if given is None else config.invocation_params.dir / given


def _kits() -> list[Kit]:
    return cast("list[Kit]", open_kits.kits())
