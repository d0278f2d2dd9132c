"""What is kept of the tests of a session."""

from __future__ import annotations

from typing import Literal

import pytest

from kailash_testkit.pytest_plugin.failure_report.results import Results

Phase = Literal["setup", "call", "teardown"]


def report(name: str, when: Phase, outcome: Literal["passed", "failed"] = "passed") -> pytest.TestReport:
    return pytest.TestReport(name, ("test.py", 1, name), {}, outcome, None, when, duration=0.5)


def run(results: Results, name: str, call: Literal["passed", "failed"] = "passed") -> None:
    for when, outcome in (("setup", "passed"), ("call", call), ("teardown", "passed")):
        results.add(report(name, when, outcome), {} if outcome == "failed" else None)  # type: ignore[arg-type, typeddict-item]


def test_a_test_that_passed_is_forgotten_when_it_has_ended() -> None:
    results = Results(keep_passed=False)
    for number in range(100):
        run(results, f"test_{number}")
    run(results, "test_failing", "failed")
    assert [result.nodeid for result in results.all()] == ["test_failing"]
    assert results.failed_report("test_failing") is not None


def test_for_a_page_of_all_tests_each_is_kept() -> None:
    results = Results(keep_passed=True)
    run(results, "test_one")
    assert [(result.nodeid, result.seconds) for result in results.all()] == [("test_one", 1.5)]
