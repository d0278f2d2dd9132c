"""The write coverage of a run, from that of its tests."""

from __future__ import annotations

from typing import Any

from kailash_testkit.write_coverage.html import page
from kailash_testkit.write_coverage.report import as_json, lines
from kailash_testkit.write_coverage.results import Cell, OfTest, Request, WriteCoverage


def cell(place: str, written: int = 1, looked: int = 0, own: int = 0) -> Cell:
    kind, model, column = place.split(".")
    return Cell(model=model, kind=kind, column=column, written=written, looked=looked, in_own_answer=own)


def of(*cells: Cell, test: str = "t.py::test_a", **more: Any) -> OfTest:
    requests: list[Request] = more.get("requests", [])
    return OfTest(
        test=test, cells=[*cells], requests=requests, models=more.get("models", []), outside=more.get("outside", 0)
    )


def told(*tests: OfTest, omit: tuple[str, ...] = (), verbose: bool = False) -> list[str]:
    return lines(WriteCoverage(tests, omit), verbose=verbose)


def test_a_run_without_writes() -> None:
    assert told() == told(of()) == ["no request of a test wrote anything"]
    assert WriteCoverage([]).percent == 100


def test_one_look_in_any_test_covers_a_column() -> None:
    row, seen = cell("updated.Order.", 3, 3), cell("updated.Order.status", 3, 1)
    one = of(row, cell("updated.Order.updated_by", 9), cell("updated.Order.status", 2))
    other = of(row, cell("updated.Order.updated_by", 5), seen, test="t.py::test_b")
    assert told(one, other) == [
        "Order.updated_by  written 14 times in 2 tests, never looked at; t.py::test_a and 1 more",
        "write coverage: 50 % (1 of 2 written columns looked at)",
    ]
    assert told(one, other, verbose=True)[0].endswith("; t.py::test_a, t.py::test_b")


def test_kinds_of_changes_are_told_apart() -> None:
    rows = [cell("created.Order.", looked=1), cell("updated.Order.", looked=1)]
    found = told(of(*rows, cell("created.Order.status", looked=1), cell("updated.Order.status", 2)))
    assert found[0] == "Order.status  updated 2 times in 1 test, never looked at; t.py::test_a"


def test_a_model_at_which_nobody_looked_is_one_line() -> None:
    found = told(of(cell("created.Visit.", 2), cell("created.Visit.path", 2), cell("created.Visit.at", 2)))
    assert found[0] == "Visit  created 2 times in 1 test, never looked at (at, path); t.py::test_a"
    assert found[-1] == "write coverage: 0 % (0 of 2 written columns looked at)"


def test_a_deletion_counts_as_one() -> None:
    assert told(of(cell("deleted.Order.", 2))) == [
        "Order  deleted 2 times in 1 test, never looked at; t.py::test_a",
        "write coverage: 0 % (0 of 1 written column looked at)",
    ]
    assert told(of(cell("deleted.Order.", 2, 1))) == ["write coverage: 100 % (1 of 1 written column looked at)"]


def test_what_only_its_own_answer_showed_is_said() -> None:
    found = told(of(cell("created.Order.", looked=1), cell("created.Order.status", own=1)))
    assert found == [
        "seen only in the answer of the request that wrote it, which may be an echo: Order.status",
        "write coverage: 100 % (1 of 1 written column looked at)",
    ]


def test_models_requests_and_changes_outside_of_them() -> None:
    seen = cell("created.Order.status", looked=1)
    requests = [
        Request(route="POST /orders", changed="created 1 Order", is_checked=checked) for checked in (True, False)
    ]
    found = told(of(seen, requests=requests, models=["Order", "Visit", "Log"], outside=2), omit=("Lo*",))
    assert found == [
        "POST /orders  in 1 of 2 requests nobody looked at what it changed (created 1 Order); t.py::test_a",
        "never written by a request: Visit",
        "not counted: 2 changes outside of requests, by no verb of the kit",
        "write coverage: 100 % (1 of 1 written column looked at)",
    ]


def test_what_is_left_out() -> None:
    cells = [cell("created.Order.", looked=1), cell("created.Order.a"), cell("created.Order.b"), cell("created.Log.x")]
    assert told(of(*cells), omit=("Order.a", "L*"))[0].startswith("Order.b  ")


def test_the_page_and_the_json_have_all() -> None:
    found = WriteCoverage(
        [of(cell("created.Order.<i>", 2), cell("created.Order.seen", 1, 1), cell("created.Order.own", own=1))]
    )
    text = page(found)
    assert '<tr class="never"><td>&lt;i&gt;</td><td>created</td><td>2</td><td>0</td><td>0</td></tr>' in text
    assert "<tr><td>seen</td>" in text
    assert '<tr class="echo"><td>own</td>' in text
    assert as_json(found)["columns"][0] == {
        "model": "Order", "kind": "created", "column": "<i>", "written": 2, "looked_at": 0, "only_in_own_answer": 0,
        "tests": ["t.py::test_a"],
    }  # fmt: skip
