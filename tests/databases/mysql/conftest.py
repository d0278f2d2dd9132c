"""`bench`: a journal on a database of this kind; `own`: a server of these tests alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from journal_bench import Bench, Benches
from mysql_server import OwnServer
from server_runs import GivenServers, available


@pytest.fixture
def bench(benches: Benches) -> Iterator[Bench]:
    bench = benches.on("mysql")
    yield bench
    bench.leave()


@pytest.fixture(scope="module")
def servers_apart() -> Iterator[GivenServers]:
    """Servers that no other test works on: tests look at all their databases, and end all their sessions."""
    servers = GivenServers()
    yield servers
    servers.close()


@pytest.fixture
def own(servers_apart: GivenServers) -> Iterator[OwnServer]:
    """A server on which there is nothing but what the test makes; skipped where none can be started."""
    server = OwnServer(servers_apart.of(available("mariadb")))
    yield server
    server.drop(*server.databases())
