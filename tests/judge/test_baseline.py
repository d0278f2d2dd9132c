"""The file with what is known, and the summary, which only counts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.judge import baseline
from kailash_testkit.judge.findings import Finding, key_of
from kailash_testkit.pytest_plugin.judging.summary import summary


def finding(route: str = "POST /orders", *, test: str = "tests/test_a.py::test_one", models: str = "Order") -> Finding:
    return Finding(
        test=test,
        check="refusal-wrote",
        route=route,
        request="POST http://testserver/orders",
        models=models.split(),
        what="answered 409, and it left 1 row",
        details=["created Order 7"],
        why="a create of OrderLine failed",
        do="write in one transaction",
    )


def test_it_is_written_sorted_and_once_and_read_again(tmp_path: Path) -> None:
    findings = [finding("POST /b"), finding("POST /a", models="Line Order"), finding("POST /b", test="another")]
    path = tmp_path / "judge.json"
    path.write_text(baseline.text(findings))
    assert [line.strip() for line in path.read_text().splitlines() if "route" in line] == [
        '"route": "POST /a",',
        '"route": "POST /b",',
    ]
    assert baseline.read(path) == {key_of(each) for each in findings}


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert baseline.read(tmp_path / "none.json") == frozenset()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"known": [{}]}', '{"known": [1]}', '{"known": 1}'])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "judge.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="--testkit-judge-accept"):
        baseline.read(path)


def test_a_line_for_each_kind_and_route() -> None:
    found = [finding(), finding(test="tests/test_a.py::test_two"), finding("PUT /orders/{id}", models="")]
    assert summary(found, ()) == [
        "refusal-wrote  POST /orders (Order): answered 409, and it left 1 row; tests/test_a.py::test_one and 1 more",
        "refusal-wrote  PUT /orders/{id}: answered 409, and it left 1 row; tests/test_a.py::test_one",
        "-v shows rows, cause and cure; --testkit-report and --testkit-html write them into a file",
    ]


def test_what_is_known_is_counted() -> None:
    assert summary([finding(), finding("PUT /x")], {key_of(finding())})[1:2] == ["1 known, in the baseline"]
    assert summary([finding()], {key_of(finding())}) == ["1 known, in the baseline"]
    assert summary([], ()) == []


def test_verbose_shows_rows_cause_and_cure() -> None:
    assert summary([finding()], (), verbose=True)[1:] == [
        "    created Order 7",
        "    why: a create of OrderLine failed",
        "    do:  write in one transaction",
    ]
