"""Servers that the kit starts for the tests; where it cannot, their tests are skipped with its reason."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server_runs import GivenUrl

from kailash_testkit.databases import storage
from kailash_testkit.databases.servers import Choice, kind_of, started
from kailash_testkit.errors import ServerUnavailable

MAINTENANCE = {"postgresql": "postgres", "mariadb": "mysql"}


@pytest.fixture(params=["postgresql", "mariadb"])
def setting(request: pytest.FixtureRequest) -> str:
    """A kind of server that can be started here."""
    found: str = request.param
    try:
        kind_of(Choice(found)).programs()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="session")
def server_url() -> Iterator[Callable[[str], GivenUrl]]:
    """The URL of a server of a kind, started once for the tests of this process."""
    running: dict[str, GivenUrl] = {}
    with contextlib.ExitStack() as stack:

        def url_of(setting: str) -> GivenUrl:
            if setting not in running:
                server = stack.enter_context(started(setting))
                server.create("first")
                running[setting] = GivenUrl(kind_of(Choice(setting)), server.url(MAINTENANCE[setting]))
            return running[setting]

        yield url_of


@pytest.fixture
def given(setting: str, server_url: Callable[[str], GivenUrl]) -> GivenUrl:
    return server_url(setting)


@pytest.fixture
def own_storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Storage of the test's own in place of the machine's shared memory, which a server's user can reach."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as path:
        Path(path).chmod(0o711)
        monkeypatch.setattr(storage, "_MEMORY_BACKED", Path(path))
        yield Path(path)
