"""The example applications: where nothing is wrong, nothing is alleged, in 500 tests; one that fails fits a screen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from inner_session import Project

from kailash_testkit.internals.releases import SOFT_DELETE
from kailash_testkit.pytest_plugin.failure_report.facts import Facts

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[3] / "examples"
REPEATED = """
    import json

    def pytest_generate_tests(metafunc):
        metafunc.fixturenames.append("run_number")
        metafunc.parametrize("run_number", range(RUNS))

    def pytest_runtest_logreport(report):
        facts = getattr(report, "testkit", None)
        if facts is not None:
            with open("facts.jsonl", "a") as file:
                print(json.dumps(facts), file=file)
"""


@pytest.mark.parametrize(("example", "runs"), [("shop", 32), ("nexus_app", 30)])
def test_no_alarm(project: Project, example: str, runs: int) -> None:
    shutil.copytree(EXAMPLES / example, project.path, dirs_exist_ok=True)
    project.write({"conftest.py": REPEATED.replace("RUNS", str(runs))})
    outcome = project.run("--testkit-html=kit.html")
    passed = outcome.result.parseoutcomes()
    assert set(passed) == ({"passed"} if SOFT_DELETE.holds() or example != "shop" else {"passed", "skipped"})
    assert passed["passed"] >= 5 * runs
    told: list[Facts] = [json.loads(line) for line in project.lines("facts.jsonl")]
    assert len(told) > 4 * runs
    for facts in told:
        assert facts["observed"] == facts["open_transactions"] == facts["gaps"] == facts["waited"] == []
        assert facts["outside"]["rows"] == [], "all rows are the test's or a request's"
        assert facts["trouble"] is None
        assert facts["error"] == ""
        failing = [request for request in facts["requests"] if request["failed_nodes"]]
        assert all((request["status"] or 0) >= 400 for request in failing), "none is ignored"
        assert len(facts["failed_nodes"]) == sum(len(request["failed_nodes"]) for request in failing)
        assert all(request["rows"] is not None for request in facts["requests"])


FAILING = """
    from tests.factories import customers, orders

    async def test_a_shipped_order_can_be_paid(api):
        customer = await customers.create(token="t")
        order = await orders.create(customer_id=customer.id, status="shipped")
        response = await api.put(
            f"/orders/{order.id}", json={"status": "paid"}, headers={"Authorization": "Bearer t"}
        )
        assert response.status_code == 200
"""


def test_a_failing_test_of_an_example_fits_a_screen(project: Project) -> None:
    shutil.copytree(EXAMPLES / "shop", project.path, dirs_exist_ok=True)
    project.write({"tests/test_failing.py": FAILING})
    outcome = project.run_anew("tests/test_failing.py", "--inline-snapshot=disable")  # under CI it says so
    outcome.assert_outcomes(failed=1)
    assert "seeded: 1 Customer, 1 Order\nPUT /orders/1  409  changed nothing\n" in outcome.output
    assert len(outcome.output.splitlines()) <= 40
