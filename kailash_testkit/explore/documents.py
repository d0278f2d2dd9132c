"""The OpenAPI description of an application: given, or as the framework, a Nexus or a server has it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args, get_origin, get_type_hints

from kailash_testkit import http_library as httpx
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.requests import no_server
from kailash_testkit.internals.nexus import fastapi_app, handlers_of, is_nexus, is_own_route
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient

Document = Mapping[str, Any]

_PATHS: Final = ("/openapi.json", "/schema/openapi.json", "/api/openapi.json", "/schema", "/swagger.json")
_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}


async def document_of(api: ApiClient, given: object = None) -> Document:
    """The description. given: a mapping, or the path of a JSON file. Raises `ConfigurationError` without one."""
    if isinstance(given, str | Path):
        return _read(Path(given))
    if isinstance(given, Mapping):
        return cast("Document", given)
    found = own_document(api.app)
    return found if found is not None else await _served(api)


def own_document(app: Any) -> Document | None:
    """The description that an application or a Nexus has by itself, without a request; None without one."""
    return _of_nexus(app) if is_nexus(app) else _of_framework(app)


def _read(path: Path) -> Document:
    try:
        found: object = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"schema={str(path)!r} cannot be read", why=redact(str(error)).splitlines()[0], do="name a file of JSON"
        ) from None
    if not isinstance(found, dict) or "paths" not in found:
        raise ConfigurationError(f"{path} is no OpenAPI description", why="it has no 'paths'")
    return cast("Document", found)


def _of_framework(app: Any) -> Document | None:
    """What FastAPI or Litestar made."""
    made = getattr(app, "openapi", None)
    if callable(made):
        return cast("Document", made())
    to_schema = getattr(getattr(app, "openapi_schema", None), "to_schema", None)
    return cast("Document", to_schema()) if callable(to_schema) else None


async def _served(api: ApiClient) -> Document:
    for path in _PATHS:
        with api.timeline.unrecorded():
            try:
                response = await api.get(path, headers={"accept": "application/json"})
                found: object = response.json() if response.is_success else None
            except httpx.ConnectError as error:
                if api.transport.is_elsewhere:
                    raise no_server(api) from error
                continue
            except Exception:  # another path may answer
                continue
        if isinstance(found, dict) and "paths" in found:
            return cast("Document", found)
    raise ConfigurationError(
        "the application has no OpenAPI description that the kit can find",
        why=f"looked for: app.openapi(), app.openapi_schema, and GET {', '.join(_PATHS)}",
        do="give it: kit.explore(api, schema=...), a dict or the path of a JSON file; --schema FILE",
    )


# --- Nexus ------------------------------------------------------------------------------------------


def _of_nexus(nexus: Any) -> Document:
    """The routes that the user added, and each handler and workflow with its inputs."""
    app = fastapi_app(nexus)
    document: Document = app.openapi()
    own = {path for path, route in _routes(app) if is_own_route(route)}
    paths = {path: item for path, item in document.get("paths", {}).items() if path in own}
    for name, handler in handlers_of(nexus).items():
        paths[f"/workflows/{name}/execute"] = {"post": _execution(name, _inputs(handler))}
    return {**document, "paths": paths}


def _routes(app: Any) -> list[tuple[str, Any]]:
    return [(str(getattr(route, "path", "")), route) for route in app.routes]


def _execution(name: str, inputs: Document) -> Document:
    body = {"type": "object", "properties": {"inputs": inputs}, "required": ["inputs"]}
    return {
        "operationId": name,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "what the workflow returned"}},
    }


def _inputs(handler: Callable[..., Any] | None) -> Document:
    """The inputs of a handler by its signature; of a workflow, anything."""
    if handler is None:
        return {"type": "object"}
    try:
        hints = get_type_hints(handler)
    except (NameError, TypeError):
        hints = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(handler).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        properties[name] = _schema_of(hints.get(name, parameter.annotation))
        if parameter.default is parameter.empty:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _schema_of(annotation: Any) -> Document:
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    if get_origin(annotation) in (list, dict):
        return {"type": _TYPES[cast("type", get_origin(annotation))]}
    found = [{"type": _TYPES[kind]} for kind in kinds if kind in _TYPES]
    nullable = [{"type": "null"}] if type(None) in get_args(annotation) else []
    if not found:
        return {}
    return found[0] if len(found) == 1 and not nullable else {"anyOf": [*found, *nullable]}
