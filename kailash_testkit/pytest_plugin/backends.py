"""anyio's plugin: a test runs under the backend that its fixture ``anyio_backend`` names."""

from __future__ import annotations

from typing import Any, Final, cast

import pytest

from kailash_testkit.concurrency.loops import needs_asyncio

_FIXTURES: Final = frozenset(
    ("kit", "api", "sync_api", "testkit_api", "testkit_kits", "testkit_database", "testkit_dataflow")
)


def refuse_trio(item: pytest.Item) -> None:
    """Raises `ConfigurationError` for a test under trio that asks for a fixture of the kit.

    The backend is known before the set-up where it is a parameter, else after it.
    """
    values: dict[str, Any] = getattr(item, "funcargs", {})
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    backend: Any = values.get("anyio_backend") or parameters.get("anyio_backend")
    name = cast("tuple[str, ...]", backend)[0] if isinstance(backend, tuple) and backend else cast("object", backend)
    used = sorted(_FIXTURES.intersection(getattr(item, "fixturenames", ()))) if name == "trio" else []
    if used:
        raise needs_asyncio(f"this test uses the fixture {used[0]} under trio")
