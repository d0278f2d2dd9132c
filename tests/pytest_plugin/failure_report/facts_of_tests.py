"""Facts of a test, made without one."""

from __future__ import annotations

from typing import Any

from kailash_testkit.pytest_plugin.failure_report.facts import ColumnFacts, Facts, RequestFacts, RowFacts, RowsFacts


def row(kind: str = "created", model: str = "Order", row_id: str = "1", after: int = 0, **values: Any) -> RowFacts:
    """A changed row. values: a text, or a pair of before and after."""
    columns = [
        ColumnFacts(
            name=name,
            before=value[0] if isinstance(value, tuple) else None,
            after=value[1] if isinstance(value, tuple) else value,
        )
        for name, value in values.items()
    ]
    return RowFacts(kind=kind, model=model, id=row_id, columns=columns, after_request=after)


def rows(*given: RowFacts, more: int = 0) -> RowsFacts:
    """Changed rows, counted."""
    counts: dict[str, dict[str, int]] = {}
    for each in given:
        of_kind = counts.setdefault(each["kind"], {})
        of_kind[each["model"]] = of_kind.get(each["model"], 0) + 1
    return RowsFacts(rows=[*given], more=more, counts=counts)


def request(number: int, line: str, *changed: RowFacts, status: int | None = 200, **more: Any) -> RequestFacts:
    """A request and what it changed."""
    facts = RequestFacts(
        number=number,
        request=line.replace(" ", " http://testserver", 1),
        status=status,
        failure=None,
        recorded=False,
        seconds=0.012,
        task=None,
        rows=len(changed),
        changed=rows(*changed),
        at_the_same_time=0,
        nodes={},
        failed_nodes=[],
        observed=[],
    )
    facts.update(more)  # type: ignore[typeddict-item]
    return facts


def facts(**more: Any) -> Facts:
    """The facts of a test that did nothing but what is given."""
    found = Facts(
        test="tests/test_orders.py::test_a",
        phase="call",
        error="AssertionError: assert 1 == 2",
        replay="pytest tests/test_orders.py::test_a --testkit-seed=0",
        seed=0,
        database="sqlite:////somewhere/testkit.db",
        changes=[],
        more_changes=0,
        seeded=rows(),
        outside=rows(),
        outside_is_certain=True,
        requests=[],
        more_requests=0,
        failed_nodes=[],
        observed=[],
        open_transactions=[],
        gaps=[],
        waited=[],
        explanation=None,
        trouble=None,
        findings=[],
    )
    found.update(more)  # type: ignore[typeddict-item]
    return found
