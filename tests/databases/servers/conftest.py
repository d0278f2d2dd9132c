"""Servers that the kit starts for the tests; where it cannot, their tests are skipped with its reason."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_runs import GivenServers, GivenUrl, available

from kailash_testkit.databases import storage


@pytest.fixture(params=["postgresql", "mariadb"])
def setting(request: pytest.FixtureRequest) -> str:
    """A kind of server that can be started here."""
    return available(request.param)


@pytest.fixture
def given(setting: str, given_servers: GivenServers) -> GivenUrl:
    return given_servers.of(setting)


@pytest.fixture
def own_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Storage of the test's own in place of the machine's shared memory, which a server's user can reach."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as path:
        Path(path).chmod(0o711)
        monkeypatch.setattr(storage, "_MEMORY_BACKED", Path(path))
        yield Path(path)
