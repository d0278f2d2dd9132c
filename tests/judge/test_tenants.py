"""Rows of another tenant than the one that a request was bound to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from corpus import node
from sample_app import in_this_loop, make_db, register
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient, Kit
from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.pytest_plugin.judging.verdicts import verdict_on

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(scope="module")
def open_kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    db = make_db(tmp_path_factory.mktemp("tenants") / "tenants.db", multi_tenant=True)
    register(db, "Note", id=str, text=str, colour=(str, ""))
    kit = Kit(db).open()
    yield kit
    kit.close()
    db.close()


@pytest.fixture
async def kit(open_kit: Kit) -> AsyncIterator[Kit]:
    async with in_this_loop(open_kit) as kit:
        open_kit.explainer.forget()
        for tenant in ("red", "blue"):
            with kit.tenant(tenant):
                await kit.create("Note", id=tenant, text="a")
        yield kit


def application(kit: Kit, steps: list[tuple[str, str]], answer: Any) -> Starlette:
    """Updates one note for each tenant and id, and answers."""

    async def endpoint(_: Request) -> JSONResponse:
        for tenant, row_id in steps:
            with kit.dataflow.tenant_context.switch(tenant):
                await node("NoteReadNode", id=tenant)
                if row_id != tenant:
                    kit.database.remove("notes", [row_id])
        return JSONResponse(answer)

    return Starlette(routes=[Route("/notes", endpoint, methods=["GET", "POST"])])


async def checks(kit: Kit, method: str, steps: list[tuple[str, str]], answer: Any) -> list[str]:
    async with ApiClient(application(kit, steps, answer), kit=kit) as api:
        await api.request(method, "/notes")
        return [finding["check"] for finding in verdict_on("test", [kit], Allowances())["findings"]]


RED = {"id": "red", "text": "a", "colour": ""}
BLUE = {"id": "blue", "text": "a", "colour": ""}


async def test_rows_of_another_tenant_are_changed(kit: Kit) -> None:
    assert await checks(kit, "POST", [("red", "blue")], {}) == ["other-tenant"]


async def test_rows_of_another_tenant_are_shown(kit: Kit) -> None:
    assert await checks(kit, "GET", [("red", "red")], [RED, BLUE]) == ["other-tenant"]


async def test_own_rows_are_shown(kit: Kit) -> None:
    assert await checks(kit, "GET", [("red", "red")], [RED]) == []


async def test_a_request_may_be_bound_to_several(kit: Kit) -> None:
    assert await checks(kit, "GET", [("red", "red"), ("blue", "blue")], [RED, BLUE]) == []
