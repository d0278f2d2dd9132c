"""Other dependencies for the handlers of FastAPI and Nexus applications, for a block."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from kailash_testkit.asgi.applications import asgi_app
from kailash_testkit.client.returning import returning
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import nexus as nexus_internals
from kailash_testkit.text import truncate_repr

_ABSENT = object()


@contextmanager
def overridden(app: object, dependency: Callable[..., Any], replacement: object) -> Generator[None, None, None]:
    """A block in which the application's handlers get ``replacement`` for ``dependency``.

    app: a FastAPI application, also under middleware that keeps it as ``app``, or a Nexus.
    replacement: what is called instead; a value that cannot be called is what the dependency then gives.

    Raises `ConfigurationError` for an application without dependencies, or that uses no such dependency.
    """
    instead = replacement if callable(replacement) else returning(replacement)
    if nexus_internals.is_nexus(app):
        # A Nexus has dependencies of its own, and its FastAPI application may have routes with others.
        with nexus_internals.override(app, dependency, instead), _replaced(asgi_app(app), dependency, instead):
            yield
        return
    owner = _with_overrides(app)
    if not _is_used(owner, dependency):
        raise ConfigurationError(
            f"no route depends on {truncate_repr(dependency)}, so that overriding it changes nothing",
            do="give the function that the routes name in Depends(...), the same object",
        )
    with _replaced(owner, dependency, instead):
        yield


@contextmanager
def _replaced(owner: Any, dependency: Callable[..., Any], replacement: Any) -> Generator[None, None, None]:
    overrides: dict[Any, Any] = owner.dependency_overrides
    before = overrides.get(dependency, _ABSENT)
    overrides[dependency] = replacement
    try:
        yield
    finally:
        if before is _ABSENT:
            overrides.pop(dependency, None)
        else:
            overrides[dependency] = before


def _with_overrides(app: object) -> Any:
    inner: Any = app
    while inner is not None:
        if isinstance(getattr(inner, "dependency_overrides", None), dict):
            return inner
        inner = getattr(inner, "app", None)
    raise ConfigurationError(
        f"{truncate_repr(app)} has no dependencies that could be overridden",
        why="FastAPI and Nexus applications have; a URL, Starlette and a plain ASGI callable have not",
        do="replace what the application uses in its own way, for example through its settings or app.state",
    )


def _is_used(app: Any, dependency: Callable[..., Any]) -> bool:
    """Whether a route depends on it; True where that cannot be told, as below mounted applications."""
    for route in app.routes:
        tree = getattr(route, "dependant", None)
        if tree is None:
            if not hasattr(route, "endpoint"):  # a mount, or a router included as it is
                return True
            continue
        if _depends(tree, dependency):
            return True
    return False


def _depends(tree: Any, dependency: Callable[..., Any]) -> bool:
    return tree.call is dependency or any(_depends(branch, dependency) for branch in tree.dependencies)
