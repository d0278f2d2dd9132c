"""Every planted fault is found, by the check that is about it, and nothing is said of healthy handlers."""

from __future__ import annotations

import asyncio

import faulty_handlers
import healthy_handlers
import pytest
from corpus import FAULTY, HEALTHY, Handler

from kailash_testkit import ApiClient, Kit
from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.judge.findings import CHECKS, Finding
from kailash_testkit.judge.judging import of_run
from kailash_testkit.pytest_plugin.judging.verdicts import verdict_on

pytestmark = pytest.mark.databases("sqlite")


async def found(kit: Kit, handler: Handler) -> list[Finding]:
    """What the judge says of all calls of a handler."""
    async with ApiClient(handler.application(kit.dataflow), kit=kit, raise_app_exceptions=False) as api:
        for method, path, body in handler.calls:
            response = await api.request(method, path, json=body)
            assert response.status_code != 500 or "exception" in handler.name or "raises" in handler.name
        await asyncio.gather(*healthy_handlers.LATER)
        healthy_handlers.LATER.clear()
        verdict = verdict_on("the test", [kit], Allowances())
        while faulty_handlers.LEFT_OPEN:
            faulty_handlers.LEFT_OPEN.pop().close()
    return [*verdict["findings"], *of_run([verdict["routes"]])]


@pytest.mark.parametrize("handler", FAULTY, ids=lambda handler: handler.name)
async def test_a_fault_is_found(kit: Kit, handler: Handler) -> None:
    findings = await found(kit, handler)
    assert [finding["check"] for finding in findings] == [handler.check], findings
    assert findings[0]["route"] == f"{handler.calls[-1][0]} {handler.route}"
    assert findings[0]["do"]


@pytest.mark.parametrize("handler", HEALTHY, ids=lambda handler: handler.name)
async def test_a_healthy_handler_raises_no_alarm(kit: Kit, handler: Handler) -> None:
    assert await found(kit, handler) == []


async def test_why_a_row_is_not_there_is_told_as_explain_knows_it(kit: Kit) -> None:
    (handler,) = [handler for handler in FAULTY if handler.name == "answers_with_what_was_taken_back"]
    ((why,),) = [[finding["why"]] for finding in await found(kit, handler)]
    assert why is not None
    assert "deleted" in why


def test_the_corpus_has_each_check() -> None:
    assert len(FAULTY) >= 40
    assert len(HEALTHY) >= 40
    elsewhere = {"other-tenant"} | {check for check in CHECKS if check.startswith("failpoint")}
    assert {handler.check for handler in FAULTY} == {*CHECKS} - elsewhere
