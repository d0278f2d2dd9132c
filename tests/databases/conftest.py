"""`bench`: a journal on a database of the test's kind; `role`, `mysql_server` and `own`: servers of the test's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from database_kinds import Kind
from database_servers import POSTGRESQL, required
from journal_bench import Bench, Benches
from mysql_server import MysqlServer
from own_server import OwnServer
from postgresql_role import Role, new_role
from server_runs import GivenServers, available


@pytest.fixture(scope="session")
def benches() -> Iterator[Benches]:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-tests-", dir=memory) as folder:
        benches = Benches(Path(folder))
        yield benches
        benches.close()


@pytest.fixture
def bench(benches: Benches, database_kind: Kind) -> Iterator[Bench]:
    bench = benches.on(database_kind.name)
    yield bench
    bench.leave()


@pytest.fixture
def role() -> Iterator[Role]:
    """A role on a PostgreSQL server, without a database; skipped where there is no server."""
    required(POSTGRESQL)
    with new_role() as role:
        yield role


@pytest.fixture(scope="module")
def servers_apart() -> Iterator[GivenServers]:
    """Servers that no other test works on: tests look at all their databases, and end all their sessions."""
    servers = GivenServers()
    yield servers
    servers.close()


@pytest.fixture
def mysql_server(servers_apart: GivenServers) -> Iterator[MysqlServer]:
    """A server on which there is nothing but what the test makes; skipped where none can be started."""
    server = MysqlServer(servers_apart.of(available("mariadb")))
    yield server
    server.drop(*server.databases())


@pytest.fixture(params=["postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def own(request: pytest.FixtureRequest) -> OwnServer:
    """Either of them."""
    fixture = {"postgresql": "role", "mysql": "mysql_server"}[request.param]
    server: OwnServer = request.getfixturevalue(fixture)
    return server
