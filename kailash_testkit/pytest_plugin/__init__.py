"""The pytest plugin: settings, fixtures, and what happens around each test.

Here live the hooks (this module), the ini options (`settings`, `seed`), the state of one pytest session
(`session`), the fixtures (`fixtures`) and the form of error reports (`reports`). Importing it imports
neither kailash nor dataflow, SQLAlchemy or httpx: a session that does not use the kit pays nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
from collections.abc import Generator, Sequence
from typing import Any, cast

import pytest

from kailash_testkit import http_library, redaction
from kailash_testkit.concurrency import contexts
from kailash_testkit.factories.numbering import within
from kailash_testkit.pytest_plugin import registering, seed, settings, unknown_settings
from kailash_testkit.pytest_plugin.assertions import compared, explain_matches
from kailash_testkit.pytest_plugin.backends import refuse_trio
from kailash_testkit.pytest_plugin.counting import options as counting_options
from kailash_testkit.pytest_plugin.counting.plugin import Counting
from kailash_testkit.pytest_plugin.definitions import markers_of
from kailash_testkit.pytest_plugin.explored import explored_operation, parametrize
from kailash_testkit.pytest_plugin.failure_report import plugin as failure_report
from kailash_testkit.pytest_plugin.fixtures import (
    api,
    kit,
    sync_api,
    testkit_api,
    testkit_app,
    testkit_database,
    testkit_dataflow,
    testkit_kits,
)
from kailash_testkit.pytest_plugin.hypothesis_examples import allow_own_fixtures
from kailash_testkit.pytest_plugin.judging import failpoints as judging_failpoints
from kailash_testkit.pytest_plugin.judging import options as judge_options
from kailash_testkit.pytest_plugin.judging.plugin import Judging
from kailash_testkit.pytest_plugin.log_masking import mask_logs
from kailash_testkit.pytest_plugin.losing import options as losing_options
from kailash_testkit.pytest_plugin.losing.plugin import LostWrites
from kailash_testkit.pytest_plugin.overriding import Overrides
from kailash_testkit.pytest_plugin.own_logs import leave_out_own_logs
from kailash_testkit.pytest_plugin.report_masking import mask_frames
from kailash_testkit.pytest_plugin.reports import explanation, import_hint, not_run_as_async
from kailash_testkit.pytest_plugin.session import SESSION, Owner, Session
from kailash_testkit.pytest_plugin.setup_failures import SetupSummary
from kailash_testkit.pytest_plugin.under_test import OF_KIT
from kailash_testkit.pytest_plugin.waiting import WaitingSummary
from kailash_testkit.pytest_plugin.write_coverage import options as coverage_options
from kailash_testkit.pytest_plugin.write_coverage.plugin import Coverage
from kailash_testkit.redaction import redact

OVERRIDES: pytest.StashKey[Overrides] = pytest.StashKey()
_RULE_BEFORE: pytest.StashKey[redaction.Rule] = pytest.StashKey()
_IMPORTS_BEFORE: pytest.StashKey[contextvars.Context | None] = pytest.StashKey()
_IMPORTING = frozenset({"testkit_app", "testkit_dataflow"})  # fixtures that import the application, also a conftest's

__all__ = [
    "api",
    "explored_operation",
    "kit",
    "sync_api",
    "testkit_api",
    "testkit_app",
    "testkit_database",
    "testkit_dataflow",
    "testkit_kits",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    settings.add_options(parser)
    failure_report.add_options(parser)
    judge_options.add_options(parser)
    judging_failpoints.add_options(parser)
    coverage_options.add_options(parser)
    losing_options.add_options(parser)
    counting_options.add_options(parser)
    seed.add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Sets the URL variables before any conftest, and so the application, can be imported."""
    _begin(early_config)
    try:
        return (yield)
    except Exception as error:
        hint = import_hint(getattr(error, "cause", None))  # pytest's ConftestImportFailure has one
        if hint is not None:
            sys.stderr.write(f"{hint}\n")
        raise


def _begin(config: pytest.Config) -> Session:
    session = config.stash[SESSION] = Session(settings.Settings.of(config))
    http_library.prefer(session.settings.http_library)
    registering.begin(config.pluginmanager)
    session.set_variables()
    session.under_test.start()
    return session


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", settings.MARKER_HELP)
    unknown_settings.refuse(config)
    session = config.stash.get(SESSION, None) or _begin(config)  # loaded with -p after the initial conftests
    session.under_test.url_changes.after_imports(config)
    config.stash[_RULE_BEFORE] = redaction.configure(session.settings.redact)
    config.stash[_IMPORTS_BEFORE] = contexts.set_imports(None)
    session.start()
    config.stash[OVERRIDES] = Overrides()
    config.pluginmanager.register(WaitingSummary(), "kailash_testkit_waiting")
    config.pluginmanager.register(SetupSummary(), "kailash_testkit_set_up")
    failpoints = judging_failpoints.Failpoints(config)
    config.pluginmanager.register(failpoints, "kailash_testkit_failpoints")
    judging = Judging(config, failpoints)
    config.pluginmanager.register(judging, "kailash_testkit_judging")
    counting = Counting(config)
    config.pluginmanager.register(counting, "kailash_testkit_counting")
    session.under_test.kits.configure.append(counting.opened)
    config.pluginmanager.register(failure_report.FailureReport(config, judging), "kailash_testkit_failure_report")
    if losing_options.is_on(config):
        config.pluginmanager.register(LostWrites(config), "kailash_testkit_lost_writes")
    coverage = coverage_options.CoverageSettings.of(config)
    if coverage.is_on and not config.option.collectonly:
        config.pluginmanager.register(Coverage(config, coverage), "kailash_testkit_coverage")
    if session.settings.keep and not config.option.maxfail:
        config.option.maxfail = 1  # the next test would need the database


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    config.stash[SESSION].database.share()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    mask_logs(session.config)  # not earlier: pytest makes its handlers when it is configured
    leave_out_own_logs(session.config)
    seed.configure(session.config)  # not earlier: pytest-randomly chooses its seed when it is configured
    hooks = session.config.hook.pytest_sessionstart.get_hookimpls()
    if any(hook.plugin_name.endswith("conftest.py") for hook in hooks):
        session.config.stash[SESSION].begin()  # they may write what all tests find


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class) -> None:
    collector.config.stash[OVERRIDES].follow(collector)


def pytest_unconfigure(config: pytest.Config) -> None:
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.finish()
    seed.unconfigure(config)
    registering.end(config.pluginmanager)
    if _IMPORTS_BEFORE in config.stash:
        contexts.set_imports(config.stash[_IMPORTS_BEFORE])
    if _RULE_BEFORE in config.stash:
        redaction.configure(config.stash[_RULE_BEFORE])


def pytest_report_header(config: pytest.Config) -> list[str]:
    session = config.stash[SESSION]
    if not session.settings.in_use:
        return []
    about = f"kailash-testkit: {session.database.describe()}, {seed.describe(config)}"
    refusals: Sequence[object] = () if config.option.collectonly else session.database.refusals()
    return [about, *(f"kailash-testkit: {redact(str(refusal))}" for refusal in refusals)]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All test modules are imported, and with them most applications: what is set later was set by a test."""
    contexts.set_imports(contextvars.copy_context())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[SESSION].begin_test(item)
    settings.refuse_unknown(markers_of(item))
    allow_own_fixtures(item)
    refuse_trio(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    refuse_trio(item)
    item.config.stash[SESSION].narrow_fixture()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """After all of the test's finalizers, whatever its outcome, its changes are undone."""
    try:
        return (yield)
    finally:
        item.config.stash[SESSION].end_test(item)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Numbers the rows of wider fixtures apart from tests', and closes what belongs to an event loop with it."""
    session = request.config.stash[SESSION]
    setting_up = session.under_test.setting_up(fixturedef)
    if fixturedef.scope == "function" and fixturedef.argname not in OF_KIT:
        session.narrow_fixture()
        result = yield
        session.fixture_set_up(fixturedef, result)
    elif fixturedef.scope == "function":
        session.narrow_fixture()
        with setting_up as context:
            with context:
                result = yield
            session.fixture_set_up(fixturedef, result)
    else:
        owner = Owner(fixturedef.argname)
        node_id: str = cast("Any", request).node.nodeid  # untyped in pytest
        # Before the set-up: runs then after the fixture's own finalizers, and also when the set-up fails.
        fixturedef.addfinalizer(lambda: session.wider_fixture_gone(owner))
        importing = contexts.importing() if fixturedef.argname in _IMPORTING else contextlib.nullcontext()
        with within(session.numbering(fixturedef.scope, node_id)), session.wider_fixture(owner), setting_up as context:
            with context, importing:
                result = yield
            session.fixture_set_up(fixturedef, result)
    if isinstance(result, asyncio.Runner):
        # pytest-asyncio runs each scope's loop in a Runner that is a fixture's value. This finalizer
        # is called before that fixture's own, while the loop can still run.
        session.loop_opened(result)
        fixturedef.addfinalizer(lambda: session.close_loop(result.get_loop()))
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None:
        explain_matches(call.excinfo.value)
    report = yield
    if report.failed and call.excinfo is not None:
        session = item.config.stash[SESSION]
        session.under_test.others.saw(call.excinfo.value)
        repeated = session.under_test.failures.repeated(call.excinfo.value, item.nodeid)
        if repeated is not None and not item.config.getoption("fulltrace"):
            report.longrepr, report.sections = repeated, []
            return report
        not_run = not_run_as_async(call, item) if session.settings.in_use else None
        report.longrepr = not_run or explanation(call, item.config) or report.longrepr
        mask_frames(report, call)
        sections = [
            session.refused_by_journal(call.excinfo.value),
            session.under_test.failures.untold(item.nodeid),
            session.keep(item),
        ]
        report.sections += [section for section in sections if section is not None]
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    return compared(op, left, right)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    collector.config.stash[OVERRIDES].follow(collector)
    report = yield
    call: pytest.CallInfo[Any] | None = getattr(report, "call", None)
    if call is not None:
        report.longrepr = explanation(call, collector.config, style="short") or report.longrepr
        mask_frames(report, call)
        hint = import_hint(call.excinfo and _first_cause(call.excinfo.value))
        if hint is not None:
            report.sections.append(("environment", hint))
    return report
