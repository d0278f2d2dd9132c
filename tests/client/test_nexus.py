"""A Nexus is passed as it is; its record of requests and its opaque failures are explained."""

from collections.abc import Iterator
from typing import Any

import pytest
from nexus import Nexus

from kailash_testkit.client import ApiClient
from kailash_testkit.errors import AnsweredFromRecord, ConfigurationError, UnexpectedResponse, UnexpectedStatus
from kailash_testkit.internals.nexus import fastapi_app, forget_records, recorded_age


def user() -> str:
    return "real"


@pytest.fixture(scope="module")
def nexus() -> Iterator[Any]:
    from nexus.extractors import Depends

    app = Nexus(auto_discovery=False)

    @app.handler("greet", description="greets")
    async def greet(name: str) -> dict[str, Any]:
        CALLS.append(name)
        return {"hello": name}

    @app.handler("fail", description="fails")
    async def fail(token: str) -> dict[str, Any]:
        raise ValueError(f"no stock, token={token}")

    async def whoami(who: str = Depends(user)) -> dict[str, Any]:
        return {"who": who}

    app.handler_extract("whoami", whoami)
    yield app
    app.close()


CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_recorded(nexus: Any) -> None:
    CALLS.clear()
    forget_records(nexus)


async def test_a_workflow_is_called_and_its_outputs_are_unwrapped(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        assert await api.workflow("greet", name="Ada") == {"hello": "Ada"}
        assert api.app is nexus


async def test_an_answer_from_the_record_is_noticed_and_explained(nexus: Any) -> None:
    body = {"inputs": {"name": "Ada"}}
    async with ApiClient(nexus) as api:
        await api.post("/workflows/greet/execute", json=body)
        with pytest.raises(AnsweredFromRecord) as failure:
            await api.post("/workflows/greet/execute", json=body)
        await api.workflow("greet", name="Eve")
        await api.with_headers({"X-Durable": "false"}).workflow("greet", name="Eve")
    text = str(failure.value)
    assert text.startswith("POST http://testserver/workflows/greet/execute: the handler did not run\n")
    assert "Nexus answered from its record of the same request, 0." in text
    assert "enable_durability=True" in text
    assert 'api.with_headers({"X-Durable": "false"})' in text
    assert CALLS == ["Ada", "Eve", "Eve"]


async def test_a_repetition_that_names_itself_is_meant(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        view = api.with_headers({"Idempotency-Key": "k-1"})
        for _ in range(2):
            response = await view.post("/workflows/greet/execute", json={"inputs": {"name": "Ada"}})
    assert response.json()["cached"] is True
    assert CALLS == ["Ada"]


async def test_forgotten_requests_run_again(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        await api.workflow("greet", name="Ada")
        forget_records(nexus)
        await api.workflow("greet", name="Ada")
    assert CALLS == ["Ada", "Ada"]


async def test_a_failed_handler_is_explained_by_the_log_and_masked(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        with pytest.raises(UnexpectedStatus, match="expected 200, got 500") as failure:
            await api.workflow("fail", token="hunter2-hunter2")
    text = str(failure.value)
    assert "logged by Kailash:" in text
    assert "ValueError: no stock, token=***" in text
    assert "hunter2" not in text
    assert "why: a handler's exception is an opaque 500" in text


async def test_an_unknown_workflow_and_another_application(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        with pytest.raises(UnexpectedStatus, match="got 404"):
            await api.workflow("greeet", name="Ada")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"[]"})

    async with ApiClient(app) as api:
        with pytest.raises(UnexpectedResponse, match="the response is not that of a workflow"):
            await api.workflow("greet")


async def test_dependencies_are_overridden_and_restored(nexus: Any) -> None:
    async with ApiClient(nexus) as api:
        view = api.with_headers({"X-Durable": "false"})
        assert await view.workflow("whoami") == {"who": "real"}
        with api.overriding(user, "replaced"):
            assert await view.workflow("whoami") == {"who": "replaced"}
        assert await view.workflow("whoami") == {"who": "real"}
    assert user not in fastapi_app(nexus).dependency_overrides


async def test_one_that_serves_nothing_yet_is_refused() -> None:
    class Empty(Nexus):
        fastapi_app = None

    app = object.__new__(Empty)
    with pytest.raises(ConfigurationError, match="this Nexus has no ASGI application yet"):
        fastapi_app(app)


@pytest.mark.parametrize("body", [b'["cache_age_seconds"', b'["cache_age_seconds"]', b'{"cache_age_seconds": 1}'])
def test_what_only_looks_like_an_answer_from_the_record_is_none(body: bytes) -> None:
    assert recorded_age(body) is None
