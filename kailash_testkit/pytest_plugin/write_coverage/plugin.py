"""The hooks: each test is observed, and its requests' writes are held against that while the rows are there."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from kailash_testkit import open_kits
from kailash_testkit.pytest_plugin.again import is_again
from kailash_testkit.pytest_plugin.attribution import attribution, on_each_database
from kailash_testkit.pytest_plugin.write_coverage.options import FAIL_UNDER, OMIT, CoverageSettings
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit
    from kailash_testkit.write_coverage.looking import Looking
    from kailash_testkit.write_coverage.results import OfTest, WriteCoverage

TITLE: Final = "kailash-testkit: write coverage"
_LOOKING: pytest.StashKey[Looking] = pytest.StashKey()
_FOUND: pytest.StashKey[OfTest] = pytest.StashKey()


class Coverage:
    """A plugin; registered only where the option is given."""

    def __init__(self, config: pytest.Config, settings: CoverageSettings) -> None:
        self._settings = settings
        self._is_worker = hasattr(config, "workerinput")
        self._verbose = config.get_verbosity() > 0
        self._tests: list[OfTest] = []
        self._trouble: list[str] = []
        self._total: WriteCoverage | None = None

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Within the hooks that run a test again: these runs are not observed."""
        from kailash_testkit.write_coverage.looking import Looking

        looking = item.stash[_LOOKING] = Looking(item.path.parent)
        looking.start()
        try:
            return (yield)
        finally:
            looking.stop()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        try:
            return (yield)
        finally:
            if not is_again(item) and _LOOKING in item.stash:
                self._hold(item)

    def _hold(self, item: pytest.Item) -> None:
        looking = item.stash[_LOOKING]
        looking.stop()
        try:
            item.stash[_FOUND] = _of(item.nodeid, cast("list[Kit]", open_kits.kits()), looking)
        except Exception as trouble:  # it is told at the end: the test itself has its own outcome
            self._trouble.append(f"{item.nodeid}: {redact(f'{type(trouble).__name__}: {trouble}').splitlines()[0]}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" and not is_again(item):
            found = item.stash.get(_FOUND, None)
            vars(report)["testkit_coverage"] = found  # pytest-xdist sends what a report has
            vars(report)["testkit_coverage_trouble"], self._trouble = self._trouble, []
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found: OfTest | None = getattr(report, "testkit_coverage", None)
        self._trouble += getattr(report, "testkit_coverage_trouble", ())
        if found is not None:
            self._tests.append(found)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._is_worker:
            return
        from kailash_testkit.write_coverage.html import page
        from kailash_testkit.write_coverage.report import as_json
        from kailash_testkit.write_coverage.results import WriteCoverage

        found = self._total = WriteCoverage(self._tests, self._settings.omit)
        for form, path in self._settings.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = page(found) if form == "html" else json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n"
            path.write_text(text, "utf-8")
        if self._falls_short(found):
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def _falls_short(self, found: WriteCoverage) -> bool:
        least = self._settings.fail_under
        return least is not None and found.percent < least

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        from kailash_testkit.write_coverage.report import lines

        if self._total is None:
            return
        told = lines(self._total, verbose=self._verbose)
        told += [f"written to {path}" for _, path in self._settings.files]
        told += [f"not counted: {line}" for line in self._trouble]
        told += [f"{OMIT}: {each} left nothing out of this run" for each in self._total.unused_omits]
        if self._falls_short(self._total):
            told.append(f"FAIL: {self._total.percent:.2f} % is less than {FAIL_UNDER} = {self._settings.fail_under:g}")
        terminalreporter.section(TITLE)
        for line in told:
            terminalreporter.write_line(line)


def _of(test: str, kits: list[Kit], looking: Looking) -> OfTest:
    """What the requests of a test wrote, on all databases, and which of it the test looked at."""
    from kailash_testkit.write_coverage.held import hold
    from kailash_testkit.write_coverage.results import of_test
    from kailash_testkit.write_coverage.written import Writing, writings

    found: list[Writing] = []
    models: list[str] = []
    outside = 0
    for group in on_each_database(kits):
        of_models = {model.table: model for kit in group for model in kit.store.models_by_table().values()}
        models += [model.name for model in of_models.values()]
        if any(len(kit.timeline) for kit in group) or group[0].sandbox.moved():
            known = attribution(group)
            wrote = writings(known.requests, known.divided, known.models)
            hold(wrote, looking.looks, of_models.values())
            found += wrote
            outside += len(known.divided.outside)
    return of_test(test, found, models, outside)
