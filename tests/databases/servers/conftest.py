"""Servers that the kit starts for the tests; where it cannot, their tests are skipped with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kailash_testkit.databases import storage
from kailash_testkit.databases.servers import Choice, kind_of, started
from kailash_testkit.databases.servers.given import GivenServer
from kailash_testkit.databases.servers.interface import Kind
from kailash_testkit.databases.storage import RunFolder
from kailash_testkit.errors import ServerUnavailable

MAINTENANCE = {"postgresql": "postgres", "mariadb": "mysql"}


@dataclass(frozen=True)
class GivenUrl:
    """The URL of a server for a run to make its databases on."""

    kind: Kind
    url: str

    def run(self) -> GivenServer:
        """The server as a new run has it."""
        return GivenServer(self.kind, self.url, RunFolder())

    def names(self) -> set[str]:
        """The names of the databases that the kit made on it."""
        connection = self.kind.administration(self.url)
        try:
            return {found.name for found in connection.found()}
        finally:
            connection.close()


@pytest.fixture(scope="session")
def server_urls() -> Iterator[Callable[[str], GivenUrl]]:
    """Starts a server of a kind for all tests of this process."""
    running = {}

    def url_of(setting: str) -> GivenUrl:
        if setting not in running:
            context = started(setting)
            server = context.__enter__()
            running[setting] = (context, server)
            server.create("a_database_to_start_it")
        return GivenUrl(kind_of(Choice(setting)), running[setting][1].url(MAINTENANCE[setting]))

    yield url_of
    for context, _ in running.values():
        context.__exit__(None, None, None)


@pytest.fixture(params=["postgresql", "mariadb"])
def setting(request: pytest.FixtureRequest) -> str:
    """The kinds of servers, those first that can be had here; the others are skipped with the reason."""
    found: str = request.param
    try:
        kind_of(Choice(found)).programs()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    return found


@pytest.fixture
def given(setting: str, server_urls: Callable[[str], GivenUrl]) -> GivenUrl:
    return server_urls(setting)


@pytest.fixture
def own_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Storage of the test's own in place of the machine's shared memory."""
    path = tmp_path / "storage"
    path.mkdir(mode=0o755)
    monkeypatch.setattr(storage, "_MEMORY_BACKED", path)
    for parent in path.parents:  # the server's user must get there
        if parent.stat().st_uid == path.stat().st_uid:
            parent.chmod(parent.stat().st_mode | 0o011)
    return path
