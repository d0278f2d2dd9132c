"""anyio's plugin: a test runs under the backend that its fixture ``anyio_backend`` names."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kailash_testkit.concurrency.loops import needs_asyncio

_FIXTURES: Final = frozenset(("kit", "api", "testkit_api", "testkit_kits", "testkit_database", "testkit_dataflow"))


def refuse_trio(item: pytest.Item) -> None:
    """Raises `ConfigurationError` for a test under trio that asks for a fixture of the kit.

    The backend is known before the set-up where it is a parameter, else after it.
    """
    values: dict[str, Any] = getattr(item, "funcargs", {})
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    backend: Any = values.get("anyio_backend") or parameters.get("anyio_backend")
    name: object = backend if isinstance(backend, str) or not backend else backend[0]  # a name, or name and options
    used = sorted(_FIXTURES.intersection(getattr(item, "fixturenames", ())))
    if name == "trio" and used:
        raise needs_asyncio(f"this test uses the fixture {used[0]} under trio")
