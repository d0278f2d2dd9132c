"""`bench`: a journal on a database of this kind; `own`: a private server with what a test makes on it."""

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


@pytest.fixture
def own(given_servers: GivenServers) -> Iterator[OwnServer]:
    """A server on which there is nothing but what the test makes; skipped where none can be started."""
    server = OwnServer(given_servers.of(available("mariadb")))
    before = server.databases()
    yield server
    server.drop(*server.databases() - before)
