"""The judge in a session: its settings, the summary, the error, the baseline, the files."""

from __future__ import annotations

import json
import re

import pytest
from inner_session import Outcome, Project

pytestmark = pytest.mark.databases("sqlite")

API = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def refuse(request):
        await db.express.create("Item", {"id": 7, "name": "new"})
        return JSONResponse({}, 409)

    async def store(request):
        sent = await request.json()
        if sent["id"] == 1:
            await db.express.create("Item", sent)
        return JSONResponse({"ok": True})

    app = Starlette(routes=[
        Route("/items", refuse, methods=["POST"]), Route("/store", store, methods=["POST"]),
    ])
"""
TESTS = """
    import warnings
    import httpx
    import pytest
    from shop.api import app

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without httpx2, starlette warns
        from starlette.testclient import TestClient

    @pytest.mark.parametrize("number", [1, 2])
    async def test_refused(number):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            assert (await client.post("/items")).status_code == 409

    def test_refused_in_turn():
        with TestClient(app) as client:
            assert client.post("/items").status_code == 409

    async def test_stored(api):
        await api.expect(200).post("/store", json={"id": 1, "name": "new"})

    async def test_not_stored(api):
        await api.expect(200).post("/store", json={"id": 2, "name": "new"})

    async def test_fails(api):
        await api.expect(201).post("/items")
"""
REFUSED = (
    "refusal-wrote  POST /items (Item): answered 409, and it left 1 row; "
    "tests/test_items.py::test_refused[1] and 3 more"
)
SILENT = (
    "success-wrote-nothing  POST /store: answered 200, and no row was stored or changed; "
    "tests/test_items.py::test_not_stored"
)


@pytest.fixture
def judged(shop: Project) -> Project:
    shop.write({"shop/api.py": API, "tests/test_items.py": TESTS})
    return shop


def findings(outcome: Outcome) -> list[str]:
    return re.findall(r"^[a-z]+-.*", outcome.output.partition("what requests did to the database")[2], re.MULTILINE)


def test_it_reports_unless_told_otherwise_also_with_workers(judged: Project) -> None:
    alone = judged.run("--testkit-report=report.json", "--testkit-html=report.html")
    assert findings(alone) == [REFUSED, SILENT]
    assert "1 failed, 5 passed" in alone.output
    assert "judge: refusal-wrote: POST /items answered 409, and it left 1 row" in alone.output.replace("\n  ", " ")
    report = json.loads((judged.path / "report.json").read_text())
    assert [finding["check"] for finding in report["findings"]] == ["refusal-wrote"] * 4 + ["success-wrote-nothing"]
    assert "created Item 7: name=&#39;new&#39;" in (judged.path / "report.html").read_text()


def test_what_it_said_of_a_test_is_not_kept_with_the_report(judged: Project) -> None:
    """pytest keeps each report until the session ends: a long session would keep each verdict twice."""
    conftest = """
        def pytest_terminal_summary(terminalreporter):
            reports = [each for found in terminalreporter.stats.values() for each in found if hasattr(each, "when")]
            print("with a verdict:", sum(hasattr(each, "testkit_verdict") for each in reports), "of", len(reports))
    """
    judged.write({"conftest.py": conftest})
    outcome = judged.run()
    assert findings(outcome) == [REFUSED, SILENT]
    assert "with a verdict: 0 of 18" in outcome.output


@pytest.mark.slow
def test_with_workers_it_says_the_same(judged: Project) -> None:
    outcome = judged.run("-n", "2")
    assert sorted(line.partition(";")[0] for line in findings(outcome)) == [
        line.partition(";")[0] for line in (REFUSED, SILENT)
    ]


@pytest.mark.slow
def test_it_may_be_an_error_with_a_baseline_for_what_is_known(judged: Project) -> None:
    judged.configure_more(testkit_judge="error")
    refused = judged.run("-k", "refused")
    assert "FaultyRequest: POST http://shop/items answered 409, and it left 1 row (refusal-wrote)" in refused.output
    assert "created Item 7: name='new'" in refused.output
    assert "3 failed" in refused.output
    late = judged.run("-k", "stored")
    assert "2 passed" in late.output
    assert (findings(late), late.result.ret) == ([SILENT], 1)

    judged.configure_more(testkit_judge_baseline="tests/judge.json")
    accepted = judged.run("-k", "refused", "--testkit-judge-accept")
    assert (accepted.result.ret, "written to" in accepted.output) == (0, True)
    assert json.loads((judged.path / "tests/judge.json").read_text())["known"] == [
        {"check": "refusal-wrote", "route": "POST /items", "models": ["Item"]}
    ]
    known = judged.run("-k", "refused")
    assert (known.result.ret, "1 known, in the baseline" in known.output) == (0, True)


@pytest.mark.slow
def test_what_is_left_out_and_switched_off(judged: Project) -> None:
    judged.configure_more(testkit_judge_allow=["refusal-wrote: Item", "success-wrote-nothing: POST /store"])
    assert findings(judged.run("-k", "not fails")) == []
    judged.configure_more()
    assert findings(judged.run("-k", "not fails", "--testkit-judge=off")) == []


@pytest.mark.slow
def test_a_marker_goes_before_the_settings(judged: Project) -> None:
    judged.write(
        {
            "tests/test_marked.py": """
                import pytest
                pytestmark = pytest.mark.testkit(judge="error")

                async def test_fails(api):
                    await api.post("/items")

                @pytest.mark.testkit(judge="off")
                async def test_off(api):
                    await api.post("/items")

                @pytest.mark.testkit(judge_allow="refusal-wrote: Item")
                async def test_allowed(api):
                    await api.post("/items")

                @pytest.mark.testkit(judge="maybe")
                async def test_wrong(api):
                    await api.post("/items")
            """
        }
    )
    outcome = judged.run("tests/test_marked.py").output
    assert "2 failed, 2 passed" in outcome
    assert "the marker's judge = 'maybe'" in outcome


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"testkit_judge": "maybe"}, "use 'off', 'report' or 'error'"),
        ({"testkit_judge_allow": ["read-wrot"]}, "did you mean 'read-wrote'?"),
    ],
)
def test_other_settings_are_refused(judged: Project, settings: dict[str, object], message: str) -> None:
    judged.configure_more(**settings)
    outcome = judged.run()
    assert message in outcome.stderr
    assert outcome.result.ret == 4
