"""The routes of an application, and which of them takes a request: asked of its router, of whatever framework."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.text import closest_match


def no_route(app: object, request: httpx.Request) -> str | None:
    """That no route matches, and the nearest that there is; None where one matches, or the routes are not known."""
    routes = _routes(app)
    if routes is None:
        return None
    scope = _scope(app, request.method, request.url.path, request.url.netloc)
    if any(_may_match(route, scope) for route in routes):
        return None
    paths = dict.fromkeys(path for path, _ in _listed(routes))
    nearest = closest_match(request.url.path, paths)
    return f"no route of the application matches {request.method} {request.url.path}" + (
        f"; the nearest is {nearest}" if nearest else ""
    )


def template(app: object, method: str, path: str) -> str | None:
    """The path of the route that takes a request, as the application declares it: ``/orders/{order_id}``."""
    for declared, methods in listed_routes(app):
        if (not methods or method in methods) and _pattern(declared).fullmatch(path):
            return declared
    return None


@cache
def _pattern(declared: str) -> re.Pattern[str]:
    """What a declared path matches; ``{rest:path}`` matches slashes, too."""
    parts = re.split(r"(\{[^}]*\})", declared)
    return re.compile("".join(_matching(part) if part.startswith("{") else re.escape(part) for part in parts))


def _matching(parameter: str) -> str:
    return ".*" if parameter.endswith(":path}") else "[^/]+"


def _scope(app: object, method: str, path: str, host: bytes) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": str(getattr(app, "root_path", "") or ""),
        "headers": [(b"host", host)],
        "query_string": b"",
        "app": app,
    }


def _routes(app: object) -> list[Any] | None:
    """The routes of Starlette's kind."""
    routes: object = getattr(app, "routes", None)
    if not isinstance(routes, list) or not routes:
        return None
    found = cast("list[Any]", routes)
    return found if all(callable(getattr(route, "matches", None)) for route in found) else None


def _may_match(route: Any, scope: dict[str, Any]) -> bool:
    """Whether a route takes the path, with this method or another; what is mounted is looked into where it can be."""
    match, more = route.matches(dict(scope))
    if match.name == "NONE":
        return False
    inner = _routes(getattr(route, "app", None)) if hasattr(route, "routes") else None
    if inner is None:
        return True
    return any(_may_match(each, {**scope, **cast("Mapping[str, Any]", more)}) for each in inner)


def listed_routes(app: object) -> Iterator[tuple[str, Collection[str]]]:
    """The paths of an application as far as they are known, each with its methods."""
    routes: object = getattr(app, "routes", None)
    return _listed(cast("list[Any]", routes) if isinstance(routes, list) else [])


def _listed(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, Collection[str]]]:
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        inner = getattr(route, "routes", None)
        if isinstance(inner, list) and inner:
            yield from _listed(cast("list[Any]", inner), path)
        elif (included := getattr(route, "original_router", None)) is not None:  # FastAPI includes a router as it is
            context = getattr(route, "include_context", None)
            yield from _listed(list(getattr(included, "routes", [])), path + str(getattr(context, "prefix", "")))
        elif path:
            yield path, getattr(route, "methods", None) or ()
