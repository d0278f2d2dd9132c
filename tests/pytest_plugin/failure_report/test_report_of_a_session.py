"""The kit's section in the report of a failed test, and the same as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from inner_session import Outcome, Project

API = """
    from kailash.runtime import AsyncLocalRuntime
    from kailash.workflow.builder import WorkflowBuilder
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    async def created(request):
        builder = WorkflowBuilder()
        builder.add_node("ItemCreateNode", "item", await request.json())
        async with AsyncLocalRuntime() as runtime:
            await runtime.execute_workflow_async(builder.build(), {})  # and nobody looks at the result
        return JSONResponse({}, 201)

    async def absent(request):
        return JSONResponse({"token": "s3cret"}, 404)

    app = Starlette(routes=[Route("/items", created, methods=["POST"]), Route("/items/{id}", absent)])
"""
TESTS = """
    from kailash_testkit import Factory

    items = Factory("Item")

    async def test_an_item_is_shown(api):
        seeded = await items.create(name="Tea")
        await api.post("/items", json={"name": "Coffee"})
        await api.post("/items", json={"id": seeded.id, "name": "Milk"})
        response = await api.get("/items/2?token=s3cret")
        assert response.status_code == 200

    async def test_that_passes(api):
        await api.post("/items", json={"name": "Coffee"})

    def test_that_fails_without_the_kit():
        assert False
"""


@pytest.fixture
def failing(shop: Project) -> Project:
    shop.write({"shop/api.py": API, "tests/test_items.py": TESTS})
    return shop


def sections(outcome: Outcome) -> list[list[str]]:
    """The lines of the kit's sections, in the tests' order."""
    found = re.findall(r"^-+ kailash-testkit -+\n(.*?)(?=^[-_=]{3,})", outcome.output, re.MULTILINE | re.DOTALL)
    return [text.strip().splitlines() for text in found]


def test_the_section_says_what_was_seeded_and_what_each_request_changed(failing: Project) -> None:
    (lines,) = sections(failing.run())
    assert lines == [
        "seeded: 1 Item",
        "POST /items             201  created Item 2: name='Coffee'",
        "POST /items             201  changed nothing",
        "GET /items/2?token=***  404",
        "node: a create of Item failed during POST /items: UNIQUE constraint failed:",
        "  items.id",
        "replay: pytest tests/test_items.py::test_an_item_is_shown --testkit-seed=0",
    ]


@pytest.mark.slow
def test_with_v_it_is_whole(failing: Project) -> None:
    (lines,) = sections(failing.run("-v"))
    assert lines[:2] == ["seeded: 1 Item", "  created Item 1: name='Tea'"]
    assert re.fullmatch(r"POST /items +201, \d+ ms  created Item 2: name='Coffee'", lines[2])
    assert re.fullmatch(r"database: sqlite:///.*testkit\.db", lines[-2])


def report(path: Path) -> list[dict[str, Any]]:
    written = json.loads(path.read_text())
    assert written["version"] == 1
    failures: list[dict[str, Any]] = written["failures"]
    return failures


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["one process", "xdist"])
def test_the_same_as_json(failing: Project, arguments: list[str]) -> None:
    failing.run("--testkit-report=reports/kit.json", *arguments).result.assert_outcomes(failed=2, passed=1)
    (facts,) = report(failing.path / "reports" / "kit.json")
    assert facts["test"] == "tests/test_items.py::test_an_item_is_shown"
    assert facts["phase"] == "call"
    assert facts["changes"] == ["created Item 1: name='Tea'", "created Item 2: name='Coffee'"]
    assert [request["status"] for request in facts["requests"]] == [201, 201, 404]
    assert [request["rows"] for request in facts["requests"]] == [1, 0, 0]
    assert facts["seeded"]["counts"] == {"created": {"Item": 1}}
    (created,) = facts["requests"][0]["changed"]["rows"]
    assert created["columns"] == [{"name": "name", "before": None, "after": "'Coffee'"}]
    assert created["after_request"] == 1
    assert facts["error"].splitlines()[0] == "AssertionError: assert 404 == 200"
    assert "where 404 = <Response [404 Not Found]>.status_code" in facts["error"], "the whole message"
    assert "s3cret" not in json.dumps(facts)


MORE_TESTS = """
    import pytest
    from kailash_testkit import Factory

    items = Factory("Item")

    async def test_first(api):
        await api.post("/items", json={"id": 7, "name": "a"})
        await api.post("/items", json={"id": 7, "name": "a"})

    async def test_second(kit):
        await kit.create("Item", name="b")
        assert False

    async def test_many(api, kit):
        await items.create_many(15)
        for number in range(7):
            await api.get(f"/items/{number}")
        assert False

    @pytest.fixture
    async def item(kit):
        await items.create(name="half")
        raise ValueError("no")

    async def test_whose_fixture_fails(item):
        pass

    async def test_deleted():
        item = await items.create()
        await items.delete(item.id)
        await items.get(item.id)
"""


@pytest.mark.slow
def test_each_failure_tells_of_its_own_test(failing: Project) -> None:
    failing.write({"tests/test_items.py": MORE_TESTS})
    outcome = failing.run("--testkit-report=kit.json")
    outcome.result.assert_outcomes(failed=3, passed=1, errors=1)
    of_fixture, *others = sections(outcome)  # pytest reports errors before failures
    second, many, deleted = others
    assert second == ["seeded: 1 Item", second[-1]], "what the test before did is not told"
    assert many[:2] == ["seeded: 15 Item", "GET /items/0  404"]
    assert len(many) == 9
    assert of_fixture[0] == "seeded: 1 Item"
    assert deleted[0] == "the test changed no rows"
    facts = {each["test"].rpartition("::")[2]: each for each in report(failing.path / "kit.json")}
    assert (facts["test_whose_fixture_fails"]["phase"], facts["test_whose_fixture_fails"]["error"]) == (
        "setup",
        "ValueError: no",
    )
    assert facts["test_deleted"]["explanation"]["cause"] == "written, then deleted"
    assert facts["test_deleted"]["explanation"]["certain"] is True


def test_a_session_without_failures_writes_an_empty_report(shop: Project) -> None:
    shop.write({"tests/test_items.py": "def test_passes(): pass"})
    shop.run("--testkit-report=kit.json").assert_outcomes(passed=1)
    assert report(shop.path / "kit.json") == []


LEAVING = """
    import asyncio

    async def poll():
        await asyncio.sleep(0.9)  # some of it passes while pytest writes its report

    async def test_that_leaves_a_task(api):
        await api.post("/items", json={"id": 1, "name": "a"})
        asyncio.create_task(poll())
        assert False
"""


@pytest.mark.slow
def test_junit_files_have_it_as_properties_and_what_was_waited_for_is_told(failing: Project) -> None:
    failing.write({"tests/test_items.py": LEAVING})
    (lines,) = sections(failing.run("--junitxml=junit.xml", "--testkit-report=kit.json"))
    assert re.match(r"waited: 0\.\d\d s for the task ", lines[1])
    (facts,) = report(failing.path / "kit.json")
    assert len(facts["waited"]) == 1
    (case,) = ElementTree.parse(failing.path / "junit.xml").iter("testcase")
    told = [(each.get("name"), each.get("value", "")) for each in case.iter("property")]
    assert [name for name, _ in told] == ["testkit_request", "testkit_database", "testkit_replay", "testkit_waited"]
    assert re.fullmatch(r"POST /items 201, \d+ ms: created Item 1: name='a'", told[0][1])
