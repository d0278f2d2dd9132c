"""What counts as an application: an ASGI callable, or a Nexus instance, whose application is found."""

from __future__ import annotations

from typing import cast

from kailash_testkit.asgi.protocol import AsgiApp
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.internals import nexus as nexus_internals
from kailash_testkit.text import truncate_repr


def asgi_app(app: object) -> AsgiApp:
    """The ASGI application of ``app``: itself, or that of a Nexus. Raises `ConfigurationError` for anything else."""
    if nexus_internals.is_nexus(app):
        return cast("AsgiApp", nexus_internals.fastapi_app(app))
    if not callable(app):
        raise ConfigurationError(
            f"{truncate_repr(app)} is not an ASGI application: it cannot be called",
            do="give the application itself, such as the FastAPI or Starlette object, or a Nexus instance",
        )
    return cast("AsgiApp", app)
