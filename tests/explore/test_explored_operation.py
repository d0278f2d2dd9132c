"""A test with the fixture `explored_operation` is one item for each operation."""

from __future__ import annotations

import pytest
from inner_session import Project

pytestmark = pytest.mark.slow

API = """
    from fastapi import FastAPI, HTTPException
    from shop.models import db

    app = FastAPI()

    @app.get("/items")
    async def listed():
        return await db.express.list("Item", limit=1000)

    @app.post("/items", status_code=201)
    async def create(name: str):
        row = await db.express.create("Item", {"name": name})
        if not name:
            raise HTTPException(422, "no name")
        return row
"""
TEST = """
    async def test_an_operation(explored_operation):
        exploration = await explored_operation.explore(requests=40, skip={"*": ["edge-not-kept"]}, failpoints=False)
        assert [facts.operation for facts in exploration.operations] == [explored_operation.name]
        exploration.assert_none()
"""


def test_each_operation_is_an_item(project: Project) -> None:
    project.shop()
    project.write({"shop/api.py": API, "tests/test_operations.py": TEST})
    outcome = project.run("tests", "-v")
    outcome.result.assert_outcomes(passed=1, failed=1)
    assert "test_an_operation[GET /items] PASSED" in outcome.output
    assert "test_an_operation[POST /items] FAILED" in outcome.output
    assert "refusal-wrote: POST /items answered 422" in outcome.output


def test_an_application_without_a_description_is_refused(project: Project) -> None:
    project.shop()
    project.write({"tests/test_operations.py": TEST})
    outcome = project.run("tests")
    assert outcome.result.ret == pytest.ExitCode.INTERRUPTED
    assert "the application has no OpenAPI description of its own" in outcome.output
    assert "kit.explore(api, schema=..., operations=[name])" in outcome.output


def test_without_an_application_the_operations_are_not_known(project: Project) -> None:
    project.shop(testkit_app=None)
    project.write({"tests/test_operations.py": TEST})
    assert "testkit_app is not set in pytest's settings" in project.run("tests").output
