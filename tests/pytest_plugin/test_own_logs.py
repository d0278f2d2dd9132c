"""What Kailash logs while it works for the kit is not in a failed test's report; the application's lines are."""

from __future__ import annotations

import pytest
from inner_session import Project

API = """
    from kailash.runtime import LocalRuntime
    from kailash.workflow.builder import WorkflowBuilder
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route
    from shop.models import db

    def worked(request):
        builder = WorkflowBuilder()
        builder.add_node("PythonCodeNode", "theirs", {"code": "result = {}"})
        with LocalRuntime() as runtime:
            runtime.execute(builder.build())
        return JSONResponse({})

    app = Starlette(routes=[Route("/worked", worked)])
"""
CONFTEST = """
    import logging
    import shop.api

    def pytest_runtest_setup():
        logging.getLogger("kailash.runtime.base").setLevel("INFO")  # as each LocalRuntime does
"""
TEST = """
    async def test_that_fails(api, kit, caplog):
        await kit.create("Item", name="a")
        await api.get("/worked")
        if not caplog.handler.level:
            assert any("check_checksum" in record.message for record in caplog.get_records("setup"))
        assert False, "as it should"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "shows_own", "shows_theirs"), [(None, False, True), ("INFO", True, True), ("WARNING", False, False)]
)
def test_a_failed_tests_report(shop: Project, level: str | None, shows_own: bool, shows_theirs: bool) -> None:
    shop.write({"shop/api.py": API, "tests/test_items.py": TEST, "conftest.py": CONFTEST})
    output = shop.run(*([] if level is None else [f"--log-level={level}"])).output
    assert "as it should" in output
    assert ("Executing node: check_checksum" in output) is shows_own
    assert ("unknown_dialect_budget" in output) is shows_own
    assert ("Executing node: theirs" in output) is shows_theirs
