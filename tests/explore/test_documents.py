"""Where the description of an API comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from nexus import Nexus
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kailash_testkit import ApiClient
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.documents import document_of, own_document

DOCUMENT = {"openapi": "3.1.0", "paths": {"/notes": {"get": {}}}}


def serving(path: str) -> Starlette:
    async def described(request: Request) -> JSONResponse:
        return JSONResponse(DOCUMENT)

    async def broken(request: Request) -> JSONResponse:
        raise LookupError("no description")

    return Starlette(routes=[Route(path, described), Route("/openapi.json", broken)])


async def test_it_is_given_or_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    async with ApiClient(Starlette()) as api:
        assert await document_of(api, DOCUMENT) == DOCUMENT
        with pytest.raises(ConfigurationError, match=r"api\.json' cannot be read"):
            await document_of(api, file)
        file.write_text("{")
        with pytest.raises(ConfigurationError, match="cannot be read"):
            await document_of(api, str(file))
        file.write_text('{"swagger": "2.0"}')
        with pytest.raises(ConfigurationError, match="is no OpenAPI description"):
            await document_of(api, file)
        file.write_text(json.dumps(DOCUMENT))
        assert await document_of(api, file) == DOCUMENT


@pytest.mark.parametrize("path", ["/schema/openapi.json", "/swagger.json"])
async def test_it_is_served_by_the_application(path: str) -> None:
    async with ApiClient(serving(path)) as api:
        assert await document_of(api) == DOCUMENT
        assert len(api.timeline) == 0, "what was looked for is none of the test's requests"


async def test_without_one_it_says_where_it_looked() -> None:
    async with ApiClient(serving("/elsewhere")) as api:
        with pytest.raises(ConfigurationError, match=r"no OpenAPI description(?s:.)*GET /openapi\.json, /schema"):
            await document_of(api)


@pytest.fixture(scope="module")
def nexus() -> Iterator[Any]:
    app = Nexus(auto_discovery=False)

    @app.handler("order", description="orders")
    async def order(
        name: str,
        tags: list[str],
        number: int = 1,
        limit: Optional[float] = None,  # noqa: UP045 - as applications write it
        **more: Any,
    ) -> dict[str, Any]:
        return {}

    yield app
    app.close()


def test_a_nexus_has_its_handlers_with_their_inputs(nexus: Any) -> None:
    document = own_document(nexus)
    assert document is not None
    body = document["paths"]["/workflows/order/execute"]["post"]["requestBody"]
    inputs = body["content"]["application/json"]["schema"]["properties"]["inputs"]
    assert inputs["required"] == ["name", "tags"]
    assert inputs["properties"] == {
        "name": {"type": "string"},
        "number": {"type": "integer"},
        "tags": {"type": "array"},
        "limit": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    }
